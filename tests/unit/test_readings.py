"""How whole columns are read: the same in every block, file and format, with a note where they look otherwise."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.cells.cells import Kind
from components.example_gen.cells.forms import Form, Meaning, form_of
from components.example_gen.cells.hashes import hash_cells
from components.example_gen.cells.notes import number_like
from components.example_gen.examples.encode import feature_array
from components.example_gen.features import choose_features
from components.example_gen.labelled import labelled_batches
from components.example_gen.profiling.profile import profile
from components.example_gen.roles import assign_roles
from components.example_gen.spec import IngestSpec, expand
from components.example_gen.tables.dialect import Dialect
from components.example_gen.tables.opening import open_table
from components.shared.errors import InputError

ROWS = 40


class Looked:
    """What two passes make of a table with the labels `y` and `c`."""

    def __init__(self, path, **fields):
        spec = IngestSpec(expand(path), **({"regression": "y", "classification": "c"} | fields))
        table = open_table(spec.paths, spec.dialect)
        roles = assign_roles(spec, table.columns)
        self.found = profile(table, spec, roles)
        features, self.notes = choose_features(table, self.found, spec, roles)
        self.kinds = {feature.name: feature.kind for feature in features}
        self.values: dict[str, list] = {name: [] for name in self.kinds}
        self.hashes: dict[str, list] = {name: [] for name in self.kinds}
        self.classes: list = []
        self.target: list = []
        for batch in labelled_batches(table, spec, roles, self.found.forms):
            self.classes += batch.classes.to_pylist()
            self.target += batch.target.tolist()
            for feature in features:
                self.values[feature.name] += feature_array(feature, batch.cells).to_pylist()
                self.hashes[feature.name] += hash_cells(
                    batch.cells[feature.name], self.found.columns[feature.name].kind
                ).tolist()

    def said(self, name):
        return [value[0].decode() if value else None for value in self.values[name]]


def base(rows=ROWS):
    return {"y": np.arange(rows) / 2, "c": ["a", "b"] * (rows // 2), "x": range(rows)}


def csv(folder, name="t.csv", rows=ROWS, **columns):
    folder.mkdir(exist_ok=True)
    pd.DataFrame(base(rows) | columns).to_csv(folder / name, index=False)
    return folder / name


def parquet(folder, name="t.parquet", **columns):
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(base() | columns), folder / name)
    return folder / name


BITS = [place % 3 == 0 for place in range(ROWS)]
WORDS = {
    "pandas": ("True", "False"),
    "R": ("TRUE", "FALSE"),
    "PostgreSQL": ("t", "f"),
    "letters": ("T", "F"),
    "lower": ("true", "false"),
}


@pytest.mark.parametrize("program", WORDS)
def test_booleans_of_every_program_are_those_of_parquet(tmp_path, program):
    # H2O's reports 2711 (Sparkling Water) and 4098 (H2O-3): a CSV that pandas wrote met a model of a Parquet table.
    typed = Looked(parquet(tmp_path / "p", flag=BITS, c=[str(bit) for bit in BITS]))
    yes, no = WORDS[program]
    written = [yes if bit else no for bit in BITS]
    looked = Looked(csv(tmp_path / "c", flag=written, c=written))
    assert looked.said("flag") == typed.said("flag") == ["true" if bit else "false" for bit in BITS]
    assert looked.hashes["flag"] == typed.hashes["flag"]
    assert looked.classes == typed.classes == typed.said("flag")
    letters = len(yes) == 1
    assert looked.notes == [
        f'{name}: "{no}", "{yes}" are read as the booleans true and false.' for name in "c" * letters
    ] + [f'flag: "{no}", "{yes}" are read as the booleans true and false.' for _ in range(letters)]


def test_numbers_0_and_1_are_booleans_only_beside_the_words(tmp_path):
    csv(tmp_path / "d", "1.csv", flag=["True", "False"] * 20)
    csv(tmp_path / "d", "2.csv", flag=["1", "0"] * 20)
    looked = Looked(tmp_path / "d")
    assert looked.said("flag") == ["true", "false"] * 40
    assert looked.notes == ['flag: "False", "True", "1", "0" are read as the booleans true and false.']
    alone = Looked(csv(tmp_path / "n", flag=["1", "0"] * 20))
    assert alone.kinds["flag"] == Kind.INT
    assert alone.hashes["flag"] == looked.hashes["flag"][:ROWS]
    assert Looked(csv(tmp_path / "o", flag=["true", "2"] * 20)).said("flag") == ["true", "2"] * 20
    assert Looked(csv(tmp_path / "w", flag=["true", "maybe", "True", "1"] * 10)).said("flag")[:4] == [
        *("true", "maybe", "True", "1")
    ]


def test_a_reviewed_schema_decides_between_booleans_and_numbers(tmp_path):
    words, bits = csv(tmp_path / "w", flag=["True", "False"] * 20), csv(tmp_path / "b", flag=["1", "0"] * 20)
    as_numbers = Looked(words, types={"flag": "INT"})
    assert as_numbers.kinds["flag"] == Kind.INT
    assert as_numbers.values["flag"] == [[1], [0]] * 20
    assert as_numbers.hashes["flag"] == Looked(bits).hashes["flag"]
    known = {"types": {"flag": "BYTES"}, "forms": {"flag": form_of(["true", "false"])}}
    assert Looked(bits, **known).said("flag") == Looked(words, **known).said("flag") == ["true", "false"] * 20
    assert Looked(bits, types={"flag": "BYTES"}, forms={"flag": form_of(["False", "True"])}).said("flag")[0] == "True"


def test_whole_numbers_are_one_category_whatever_file_wrote_them(tmp_path):
    # TFX's report 819: pandas writes 1 in a month without a gap and 1.0 in one with a gap.
    csv(tmp_path / "d", "1.csv", k=["1", "2"] * 20, c=["1", "2"] * 20)
    csv(tmp_path / "d", "2.csv", k=["1.0", "2.0"] * 20, c=["1.0", "2.0"] * 20)
    looked = Looked(tmp_path / "d", categorical=("k",))
    assert looked.said("k") == looked.classes == ["1", "2"] * 40
    assert looked.notes == [
        f'{name}: "1" (20 rows) and "1.0" (20 rows) are one number, so they are one {what}, "1", and so are those of '
        "1 more."
        for name, what in (("c", "class"), ("k", "category"))
    ]
    assert Looked(csv(tmp_path / "v", c=["1.1", "1.10"] * 20)).found.classes == {"1.1": 20, "1.10": 20}
    assert Looked(csv(tmp_path / "p", c=["007", "1.0"] * 20)).found.classes == {"007": 20, "1.0": 20}
    assert Looked(csv(tmp_path / "m", c=["1", "1.0", "x", "1"] * 10)).found.classes == {"1": 20, "1.0": 10, "x": 10}
    typed = Looked(parquet(tmp_path / "q", c=[decimal.Decimal("1.7"), decimal.Decimal("2.0")] * 20))
    assert typed.found.classes == {"1.7": 20, "2": 20}


def test_texts_are_trimmed_and_what_is_nearly_the_same_is_pointed_out(tmp_path):
    looked = Looked(csv(tmp_path / "d", c=["yes", " yes", "no ", "Yes"] * 10, k=["a ", "a", "b", "B."] * 10))
    assert looked.found.classes == {"Yes": 10, "no": 10, "yes": 20}
    assert looked.said("k")[:4] == ["a", "a", "b", "B."]
    assert looked.notes == [
        'c: "yes" (20 rows) and "Yes" (10) differ in case only; they are different classes. Write them alike.',
        'k: "B." (10 rows) and "b" (10) differ in case and a mark at the end only; they are different categories. '
        "Write them alike.",
    ]


DAY = datetime.datetime(2024, 3, 31, 10, tzinfo=datetime.UTC)
HOURS = [DAY + datetime.timedelta(hours=14 * (place % 4)) for place in range(ROWS)]


def test_instants_are_one_category_whatever_wrote_them(tmp_path):
    expected = [hour.strftime("%Y-%m-%d") if hour.hour == 0 else hour.strftime("%Y-%m-%d %H:%M:%S") for hour in HOURS]
    tables = [
        parquet(tmp_path / "1", at=pa.array(HOURS, pa.timestamp("ns", "+02:00"))),
        parquet(tmp_path / "2", at=pa.array(HOURS, pa.timestamp("ms"))),
        csv(tmp_path / "3", at=[hour.isoformat() for hour in HOURS]),
        csv(tmp_path / "4", at=[(hour + datetime.timedelta(hours=2)).strftime("%F %T+0200") for hour in HOURS]),
    ]
    looked = [Looked(table) for table in tables]
    assert all(one.said("at") == expected and one.hashes == looked[0].hashes for one in looked)
    cuts = [Looked(table, split="time", column="at").found.time_cuts for table in tables]
    assert len(set(cuts)) == 1


def test_years_beyond_2262_decide_a_split_by_time(tmp_path):
    # saspy's report 602: 9999-12-31 for "never", 0001-01-01 for "always".
    for style in ("%Y-%m-%d", "%d/%m/%Y"):
        days = [datetime.date(1, 1, 1), *[datetime.date(2024, 1, 13 + place % 9) for place in range(38)]]
        days.append(datetime.date(9999, 12, 31))
        texts = [
            day.isoformat() if style == "%Y-%m-%d" else f"{day.day:02}/{day.month:02}/{day.year:04}" for day in days
        ]
        found = Looked(csv(tmp_path / "d", t=texts), split="time", column="t").found
        assert list(found.time_cuts) == sorted(found.time_cuts)
        assert found.time_cuts[0] > 1.7e15 > -6e16


def test_durations_are_seconds_as_feature_and_label(tmp_path):
    deltas = [datetime.timedelta(seconds=60 + place) for place in range(ROWS)]
    expected = [float(60 + place) for place in range(ROWS)]
    texts = [str(pd.Timedelta(delta)) for delta in deltas]
    for table, note in (
        (csv(tmp_path / "c", wait=texts, y=texts), 'such as "0 days 00:01:00" are read as seconds (60).'),
        (parquet(tmp_path / "p", wait=pa.array(deltas), y=pa.array(deltas, pa.duration("ms"))), "are read as seconds."),
    ):
        looked = Looked(table)
        assert (looked.kinds["wait"], looked.target) == (Kind.FLOAT, expected)
        assert [value[0] for value in looked.values["wait"]] == expected
        assert looked.notes == [f"{name}: durations and times of day {note}" for name in ("y", "wait")]
    as_text = csv(tmp_path / "k", wait=texts, c=["0 days 00:01:00", "00:01:30"] * 20)
    looked = Looked(as_text, categorical=("wait",))
    assert (looked.said("wait")[0], looked.found.classes) == ("60", {"60": 20, "90": 20})
    assert Looked(as_text, forms={"wait": form_of(["60", "61"])}, types={"wait": "BYTES"}).said("wait")[1] == "61"
    assert Looked(as_text, types={"wait": "BYTES"}).said("wait")[0] == "0 days 00:01:00"
    assert Looked(csv(tmp_path / "m", wait=[*texts[:-1], "soon"])).kinds["wait"] == Kind.BYTES
    with pytest.raises(InputError, match="must be a number in every row or a duration in every row, got both"):
        Looked(csv(tmp_path / "b", y=[*texts[:-1], "5"]))


def test_large_integers_are_told_apart_in_every_block(tmp_path):
    for place, first in enumerate((2**60, 2**63)):
        column = pa.array([first + row % 2 for row in range(ROWS)], pa.uint64())
        parquet(tmp_path / "d", f"{place}.parquet", c=column, key=column)
    looked = Looked(tmp_path / "d")
    assert looked.found.classes == {str(first + row): 20 for first in (2**60, 2**63) for row in (0, 1)}
    assert looked.kinds["key"] == Kind.FLOAT
    assert looked.notes == [
        "key: 40 whole numbers of 2^63 or more cannot be told apart in floating point. "
        "List the column under features.categorical if they are identifiers."
    ]


def test_numbers_with_a_mark_are_named_with_their_share(tmp_path):
    # ML.NET's report 5235: laboratory values below what can be measured.
    values = [f"{place / 10}" for place in range(30)] + ["<0.91"] * 10
    (note,) = Looked(csv(tmp_path / "d", crp=values)).notes
    assert note == (
        'crp: 30 of 40 values (75 %) are numbers, but "<0.91" is not: 10 of 40 values (25 %) are numbers with signs, '
        "separators or units, so the column is read as text. Write them plainly, such as 1234.5, or list the column "
        "under features.categorical."
    )
    looked = Looked(tmp_path / "d" / "t.csv")
    assert number_like("crp", looked.found.columns["crp"], IngestSpec((), "y", "c"))
    assert not number_like("crp", looked.found.columns["crp"], IngestSpec((), "y", "c", categorical=("crp",)))
    euros = csv(tmp_path / "e", price=[f"1,{place:03} €" for place in range(ROWS)])
    assert (
        Looked(euros)
        .notes[0]
        .startswith("price: 40 of 40 values (100 %) are numbers with signs, separators or units, such as")
    )
    assert Looked(euros, categorical=("price",)).notes == []


def test_decimal_commas_are_read_on_request(tmp_path):
    table = csv(tmp_path / "d", v=[f"{place},5" for place in range(ROWS)])
    (note,) = Looked(table).notes
    assert 'Set data.decimal to "," if the comma is the decimal mark, or write them plainly' in note
    looked = Looked(table, dialect=Dialect(decimal=","), regression="x", classification="c", ignore=("y",))
    assert [value[0] for value in looked.values["v"]] == [place + 0.5 for place in range(ROWS)]
    with pytest.raises(InputError, match=r'got "0,5" in row 1\..*or set data.decimal to ","'):
        Looked(table, regression="v")


def test_whole_floats_are_integers_where_a_reviewed_schema_says_so(tmp_path):
    # TensorFlow Data Validation's report 95: a gap turns the integers of pandas into floats.
    table = csv(tmp_path / "d", n=["2.0", "3.0", ""] * 13 + ["4.0"])
    assert Looked(table).kinds["n"] == Kind.FLOAT
    looked = Looked(table, types={"n": "INT"})
    assert looked.kinds["n"] == Kind.INT
    assert looked.values["n"][:3] == [[2], [3], None]
    assert looked.hashes["n"] == Looked(csv(tmp_path / "w", n=["2", "3", ""] * 13 + ["4"])).hashes["n"]
    assert Looked(csv(tmp_path / "f", n=["2.0", "3.5"] * 20), types={"n": "INT"}).kinds["n"] == Kind.FLOAT


def test_cells_taken_as_missing_are_counted_by_spelling(tmp_path):
    table = csv(tmp_path / "d", region=["NA", "EU", "\\N", ""] * 10, c=["a", "b", "?", "a"] * 10)
    assert Looked(table).notes == [
        'Cells taken as missing by their spelling (data.missing): region "NA" (10), "\\N" (10); c "?" (10).'
    ]
    parquet(tmp_path / "p", end=pa.array([2**31 - 1, 0] * 20, pa.int32()).cast(pa.date32()))
    assert Looked(tmp_path / "p").notes == ["end: 20 dates without end or beyond the years 1 to 9999 count as missing."]


def test_forms_travel_with_the_spec():
    spec = IngestSpec(("t.csv",), "y", "c", forms={"b": Form(Meaning.BOOLEAN, (("true", "T"),))})
    assert IngestSpec.from_json(spec.to_json()) == spec
