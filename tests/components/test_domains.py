"""Every text column has a domain of its train texts: however many they are, and whatever they look like.

By itself TFDV gives none to more than a hundred texts (tensorflow/data-validation, issue 30, seen in 1.16.1), and one
of any whole number, or of booleans, to texts that look like these.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from validator_steps import Step, feature, inferred, statistics, table, write_examples

from components.schema_gen.curation import curate, exclude_labels_from_serving
from components.schema_gen.domains import MOST, UNKNOWN_TEXTS, any_text_notes, categories, unknown_share
from components.schema_gen.texts import split_texts
from components.shared.errors import Rejected

ROWS = {"train": 3_000, "validation": 500, "eval": 400}
LONG = "x" * 2_000  # TFDV counts such texts under one placeholder


def frame(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed).integers
    names = {20: "carrier", 140: "airport", 1_500: "tail"}
    return table(
        rows,
        **{name: [f"{name}{i:04}" for i in draw(0, size, rows)] for size, name in names.items()},
        note=None,
        store=[str(i) for i in draw(0, 89, rows)],
        paid=np.array(["false", "true"])[draw(0, 2, rows)],
        bit=[str(i) for i in draw(0, 2, rows)],
        told=np.array(["short", LONG])[draw(0, 2, rows)],
        day=[f"{day:%Y-%m-%d}" for day in pd.Timestamp("2020-01-01") + pd.to_timedelta(draw(0, 300, rows), "D")],
        count=draw(0, 2, rows),
        k=[str(i) for i in draw(0, 3, rows)],
    )


TEXTS = ["carrier", "airport", "tail", "store", "paid", "bit", "told", "k"]


@pytest.fixture(scope="module")
def splits() -> dict[str, pd.DataFrame]:
    return {split: frame(rows, seed) for seed, (split, rows) in enumerate(ROWS.items())}


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory, splits: dict[str, pd.DataFrame]) -> Step:
    step = Step(tmp_path_factory.mktemp("domains"), splits)
    step.run()
    return step


def test_every_text_column_has_its_train_texts_as_domain(step: Step, splits: dict[str, pd.DataFrame]):
    schema = step.schema()
    for name in TEXTS:
        assert categories(feature(schema, name), schema) == sorted(splits["train"][name].unique()), name
    for name in ("count", "x", "y", "day"):
        assert feature(schema, name).WhichOneof("domain_info") is None, name
    assert feature(schema, "count").type == schema_pb2.INT
    assert not feature(schema, "k").HasField("distribution_constraints"), "a class that train lacks is never expected"


def test_what_comes_from_the_same_source_passes_and_dates_are_told(step: Step):
    assert step.findings()["anomalies"] == []
    assert step.findings()["notes"] == [
        '"day" may hold any text: its 300 texts in train are dates, so an unknown one is not noticed.'
    ]


def test_unknown_texts_in_a_tenth_of_the_rows_fail_a_reviewed_schema(
    tmp_path: Path, step: Step, splits: dict[str, pd.DataFrame]
):
    reviewed = (step.root / "schema" / "schema.pbtxt").read_text()
    bad = {"store": "999", "paid": "maybe", "bit": "2", "told": "y" * 3_000, "k": "9"} | dict.fromkeys(TEXTS[:3], "XXX")
    now = {split: rows.assign(count=rows["count"] * 5) for split, rows in splits.items()}
    for name, text in bad.items():
        now["eval"].loc[::10, name] = text
    spoilt = Step(tmp_path / "spoilt", now)
    with pytest.raises(Rejected):
        spoilt.run(reviewed, level="fail")
    anomalies = spoilt.findings()["anomalies"]
    assert {one["column"] for one in anomalies} == set(bad)
    assert {(one["kind"], one["split"]) for one in anomalies} == {("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "eval")}
    [airport] = [one for one in anomalies if one["column"] == "airport"]
    assert airport["sentence"].startswith('"airport" must be one of airport0000, airport0001, ')
    assert airport["sentence"].endswith("… (140 values), got XXX (~10%) in the eval split.")
    assert airport["examples"][0]["value"] == "XXX"


def test_the_same_rows_pass_the_schema_that_was_written_of_them(
    tmp_path: Path, step: Step, splits: dict[str, pd.DataFrame]
):
    found = Step(tmp_path / "again", splits).run((step.root / "schema" / "schema.pbtxt").read_text(), level="fail")
    assert found["anomalies"] == []


def test_rare_texts_get_the_room_that_chance_needs(splits: dict[str, pd.DataFrame], step: Step):
    counts = splits["train"]["tail"].value_counts()
    unseen = ~splits["eval"]["tail"].isin(counts.index)
    room = unknown_share(counts.to_dict(), len(unseen))
    assert UNKNOWN_TEXTS < unseen.mean() < room < 0.5
    # Good's estimate: singletons in train tell the share of the texts that are yet to be seen.
    assert (counts == 1).sum() / len(splits["train"]) == pytest.approx(unseen.mean(), abs=0.08)
    assert feature(step.schema(), "tail").distribution_constraints.min_domain_mass == pytest.approx(1 - room)
    assert unknown_share({"a": 9, "b": 2}, 40) == UNKNOWN_TEXTS


def test_too_many_texts_are_told_apart_no_more(tmp_path: Path):
    rows = MOST + 500
    many = table(rows, c=[f"c{i}" for i in range(rows)], note=[f"n{i % 1_200}" for i in range(rows)])
    write_examples(tmp_path / "Split-train", many[["c", "note"]])
    train = statistics(many).datasets[0]
    texts = split_texts(train, str(tmp_path / "Split-train"), ["c", "note", "k"])
    assert texts["c"] is None
    assert texts["note"] == many["note"].value_counts().to_dict()
    assert texts["k"] == many["k"].value_counts().to_dict()
    schema = curate(inferred(many), train, {}, ["y", "k"], ["c"], rows, texts)
    [note] = any_text_notes(schema, train)
    assert note.startswith('"c" may hold any text: its 5,500')
    assert note.endswith(
        " texts in train are more than the 5,000 that a schema lists, so an unknown one is not noticed."
    )


@pytest.mark.parametrize(
    ("domain", "kind", "got"),
    [
        ('bool_domain { true_value: "red" false_value: "green" }', "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "got blue"),
        ("int_domain {}", "INT_TYPE_NOT_INT_STRING", 'must hold whole numbers, as its int_domain says, got "blue"'),
    ],
)
def test_other_kinds_of_domains_in_a_reviewed_schema_are_judged(tmp_path: Path, domain: str, kind: str, got: str):
    text = text_format.MessageToString(inferred(table(note=None)))
    reviewed = text.replace('domain: "c"', domain)
    judged = Step(tmp_path / "judged", dict.fromkeys(("train", "validation", "eval"), table(note=None)))
    with pytest.raises(Rejected):
        judged.run(reviewed, level="fail")
    [found] = [one for one in judged.findings()["anomalies"] if one["split"] == "eval"]
    assert (found["column"], found["kind"]) == ("c", kind)
    assert got in found["sentence"]


def test_a_count_that_was_0_or_1_in_train_is_no_boolean():
    first = inferred(table(n=[0, 1] * 30))
    assert feature(first, "n").HasField("bool_domain"), "what TFDV makes of it"
    curated = curate(first, statistics(table(n=[0, 1] * 30)).datasets[0], {}, ["y", "k"], ["note"], 60)
    exclude_labels_from_serving(curated, ["y", "k"])
    assert feature(curated, "n").WhichOneof("domain_info") is None
