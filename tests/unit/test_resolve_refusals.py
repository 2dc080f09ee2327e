"""Configurations that cannot be used: one sentence for each problem."""

from pathlib import Path

import pytest
from configurations import FLAGS, LABELS, SMALLEST, refusal, write


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("trainin: {}", 'trainin must be a known key, got an unknown one. Did you mean "training"?'),
        (
            "training: {epoch: 3}",
            'training.epoch must be a known key, got an unknown one. Did you mean "epochs"?',
        ),
        (
            "gates: {classification: {tolerence: 1}}",
            'gates.classification.tolerence must be a known key, got an unknown one. Did you mean "tolerance"?',
        ),
        (
            "push: {zzz: 1}",
            "push.zzz must be a known key, got an unknown one. Known keys: destination, keep, replace.",
        ),
        (
            "zzz: 1",
            "zzz must be a known key, got an unknown one. Known keys: name, preset, data, labels, features, model, "
            "training, intervals, tuning, checks, evaluation, gates, push, runtime, kubeflow.",
        ),
    ],
)
def test_unknown_keys(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, f"{SMALLEST}{text}\n")) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "training: {epochs: many}",
            'training.epochs must be a whole number, got "many". Correct it in mtl.yaml.',
        ),
        (
            "training: {epochs: 2.5}",
            "training.epochs must be a whole number, got 2.5. Correct it in mtl.yaml.",
        ),
        (
            "checks: [{check: ranje, column: x}]",
            "checks[0].check must be one of range, allowed, regex, unique, not_null, monotonic, compare, "
            'got "ranje". Did you mean "range"?',
        ),
        (
            "checks: [{check: range, column: x, mim: 0}]",
            'checks[0].mim must be a known key, got an unknown one. Did you mean "min"?',
        ),
        (
            "checks: [{check: range, column: x}]",
            "checks[0] must have a min, a max or both, got neither. Give one.",
        ),
        (
            "checks: [{check: range, column: x, min: 1, max: 0}]",
            "checks[0] must have a min of at most its max, got 1 and 0. Exchange them.",
        ),
        ("checks: [{check: not_null}]", "checks[0].column must be given, got nothing. Add it to mtl.yaml."),
        (
            "checks: [{check: compare, left: a, op: '=', right: b}]",
            'checks[0].op must be <, <=, >, >=, == or !=, got "=". Did you mean ">="?',
        ),
        (
            "checks: [{check: regex, column: a, pattern: '(?=b)'}]",
            'checks[0].pattern must be an RE2 pattern, got "(?=b)" (invalid perl operator: (?=). Correct it.',
        ),
        ("training: {epochs: 0}", "training.epochs must be at least 1, got 0. Correct it in mtl.yaml."),
        (
            "training: {seed: 4294967296}",
            "training.seed must be below 4294967296, got 4294967296. Correct it in mtl.yaml.",
        ),
        (
            "training: {learning_rate: .inf}",
            "training.learning_rate must be a finite number, got Infinity. Correct it in mtl.yaml.",
        ),
        ("training:", "training must be a mapping of keys to values, got nothing. Correct it in mtl.yaml."),
        ("training: [1]", "training must be a mapping of keys to values, got [1]. Correct it in mtl.yaml."),
        ("model: {dropout: 1}", "model.dropout must be below 1, got 1. Correct it in mtl.yaml."),
        ("model: {hidden: 3}", "model.hidden must be a list, got 3. Write [3]."),
        ("model: {hidden: [8, 0]}", "model.hidden[1] must be at least 1, got 0. Correct it in mtl.yaml."),
        ("features: {numeric: a}", 'features.numeric must be a list, got "a". Write [a].'),
        (
            "features: {numeric: ['']}",
            'features.numeric[0] must be at least 1 character long, got "". Correct it in mtl.yaml.',
        ),
        ("features: {numeric: [str, 3]}", "features.numeric[1] must be text, got 3. Write it in quotes."),
        ("features: {vectors: {str: 3}}", "features.vectors.str must be text, got 3. Write it in quotes."),
        (
            "features: {vectors: {-x: a}}",
            "A key of features.vectors must be letters, digits and inner blanks, dots and "
            'hyphens, got "-x". Correct it in mtl.yaml.',
        ),
        (
            "evaluation: {tfma: maybe}",
            'evaluation.tfma must be true or false, got "maybe". Correct it in mtl.yaml.',
        ),
        ("evaluation: {slices: a}", 'evaluation.slices must be a list, got "a". Write [a].'),
        (
            "evaluation: {slices: [a, 3]}",
            "evaluation.slices[1] must be text or a list of texts, got 3. Write it in quotes.",
        ),
        (
            "evaluation: {slices: [[a, 3]]}",
            "evaluation.slices[0][1] must be text, got 3. Write it in quotes.",
        ),
        (
            "gates: {rule: any}",
            'gates.rule must be all, regression or classification, got "any". Correct it in mtl.yaml.',
        ),
        (
            "gates: {rule: regresion}",
            'gates.rule must be all, regression or classification, got "regresion". Did you mean "regression"?',
        ),
        (
            "gates: {regression: {thresholds: {mea: 1}}}",
            "A key of gates.regression.thresholds must be mae, rmse, r2 or median_absolute_error,"
            ' got "mea". Did you mean "mae"?',
        ),
        (
            "gates: {data: {levels: {X: loud}}}",
            'gates.data.levels.X must be ignore, warn or fail, got "loud". Correct it in mtl.yaml.',
        ),
        (
            "name: My Wine",
            'name must be up to 64 lower-case letters, digits and inner hyphens, got "My Wine". Rename it.',
        ),
        ("name: 2024", "name must be text, got 2024. Write it in quotes."),
        ("7: x", 'A key must be text, got 7. Write "7" in quotes.'),
    ],
)
def test_values_of_the_wrong_kind(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, f"{SMALLEST}{text}\n")) == sentence


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("{path: ''}", "data.path must name at least one file, got an empty name or list. Name one."),
        ("{path: []}", "data.path must name at least one file, got an empty name or list. Name one."),
        (
            "{path: [a.csv, '']}",
            "data.path must name at least one file, got an empty name or list. Name one.",
        ),
        ("{path: 3}", "data.path must be text or a list of texts, got 3. Write it in quotes."),
        ("{path: [3]}", "data.path[0] must be text, got 3. Write it in quotes."),
        ("{path: {a: b}}", 'data.path must be text or a list of texts, got {"a": "b"}.'),
        ("{}", "data.path must be given, got nothing. Add it to mtl.yaml."),
        ("t.csv", 'data must be a mapping of keys to values, got "t.csv". Correct it in mtl.yaml.'),
        (
            "{path: t, delimiter: '||'}",
            'data.delimiter must be at most 1 character long, got "||". Correct it in mtl.yaml.',
        ),
        (
            "{path: t, missing: [null]}",
            "data.missing[0] must be text, got nothing. Write null in quotes, or leave the entry out.",
        ),
        ("{path: t, missing: [-999]}", "data.missing[0] must be text, got -999. Write it in quotes."),
        ("{path: t, split: {by: time}}", "data.split.column must be given when by is time, got nothing."),
        ("{path: t, split: {column: d}}", 'data.split.column must be left out when by is row, got "d".'),
        (
            "{path: t, split: {validation: 0.5, eval: 0.5}}",
            "data.split.validation + calibration + eval must be below 0.95, got 1.08. Lower one.",
        ),
        ("{path: t, split: {eval: 0}}", "data.split.eval must be above 0, got 0. Correct it in mtl.yaml."),
    ],
)
def test_data_section(folder: Path, data: str, sentence: str):
    assert refusal(write(folder, f"data: {data}\n{LABELS}")) == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "features: {numeric: [a], categorical: [a]}",
            'A column must be named once, got "a" in features.numeric and features.categorical. Remove one.',
        ),
        (
            "features: {numeric: [a, a]}",
            'A column must be named once, got "a" in features.numeric. Remove one.',
        ),
        (
            "features: {numeric: [y]}",
            'A column must be named once, got "y" in labels and features.numeric. Remove one.',
        ),
        (
            "features: {categorical: [k]}",
            'A column must be named once, got "k" in labels and features.categorical. Remove one.',
        ),
    ],
)
def test_a_column_has_one_role(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, f"{SMALLEST}{text}\n")) == sentence


def test_a_label_is_not_ignored(folder: Path):
    file = write(folder, f"data: {{path: t.csv, ignore: [k]}}\n{LABELS}")
    assert refusal(file) == 'A column must be named once, got "k" in labels and data.ignore. Remove one.'


def test_the_weight_is_no_label_and_no_feature(folder: Path):
    given = "labels.weight=y"
    assert refusal(write(folder, SMALLEST), given) == 'A column must be named once, got "y" in labels. Remove one.'
    file = write(folder, f"{SMALLEST}features: {{numeric: [w]}}\n")
    sentence = 'A column must be named once, got "w" in labels and features.numeric. Remove one.'
    assert refusal(file, "labels.weight=w") == sentence


def test_labels_differ(folder: Path):
    sentence = 'labels must be two different columns, got "y" for both. Change one.'
    assert refusal(write(folder, SMALLEST), "labels.classification=y") == sentence
    assert refusal(flags={**FLAGS, "labels.classification": "y"}) == sentence


def test_missing_keys_say_where_to_write_them(folder: Path):
    assert refusal(write(folder, "data: {path: t.csv}\n")) == ("labels must be given, got nothing. Add it to mtl.yaml.")
    assert refusal(write(folder, "labels: {regression: y}\ndata: {path: t.csv}\n")) == (
        "labels.classification must be given, got nothing. Add it to mtl.yaml."
    )
    assert refusal(flags={"data.path": "t.csv", "labels.regression": "y"}) == (
        "labels.classification must be given, got nothing. "
        "Give it with --data, --regression and --classification, or in a file."
    )


def test_every_problem_has_its_sentence(folder: Path):
    file = write(folder, "data: {path: t.csv}\nlabels: {regresion: y, classification: 2}\npush: {keep: 0}\n")
    assert refusal(file).splitlines() == [
        "labels.regression must be given, got nothing. Add it to mtl.yaml.",
        "labels.classification must be text, got 2. Write it in quotes.",
        'labels.regresion must be a known key, got an unknown one. Did you mean "regression"?',
        "push.keep must be at least 1, got 0. Correct it in mtl.yaml.",
    ]


def test_the_source_of_a_bad_value_is_named(folder: Path):
    file = write(folder, f"{SMALLEST}training: {{epochs: 0}}\n")
    assert refusal(file, flags={"training.epochs": -1}) == (
        "training.epochs must be at least 1, got -1. Correct it on the command line."
    )
    assert refusal(file, "training.epochs=-2") == ("training.epochs must be at least 1, got -2. Correct it in --set.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "name: a\nname: b\n",
            'mtl.yaml, line 2, must be valid YAML, got: the key "name" a second time. Correct that place.',
        ),
        (
            f"{SMALLEST}training:\n  epochs: 1\n  seed: 2\n  epochs: 3\n",
            'mtl.yaml, line 6, must be valid YAML, got: the key "epochs" a second time. Correct that place.',
        ),
        (
            "name: a\nx: [1\n",
            "mtl.yaml, line 3, must be valid YAML, got: expected ',' or ']', but got '<stream "
            "end>'. Correct that place.",
        ),
        (
            "name: a\nb: c: d\n",
            "mtl.yaml, line 2, must be valid YAML, got: mapping values are not allowed here. Correct that place.",
        ),
        (
            "name: a\n---\nname: b\n",
            "mtl.yaml, line 2, must be valid YAML, got: another document. Correct that place.",
        ),
        (
            "? [a]\n: 1\n",
            "mtl.yaml, line 1, must be valid YAML, got: found unhashable key. Correct that place.",
        ),
        (
            "name: a\0\n",
            "mtl.yaml must be valid YAML, got: unacceptable character #x0000: special characters "
            "are not allowed. Correct that place.",
        ),
        ("", "mtl.yaml must hold the sections data and labels, got nothing. Begin with those two."),
        ("- a\n", 'mtl.yaml must hold the sections data and labels, got ["a"]. Begin with those two.'),
        (
            "wine.csv",
            'mtl.yaml must hold the sections data and labels, got "wine.csv". Begin with those two.',
        ),
    ],
)
def test_files_that_are_no_configuration(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, text)) == sentence


def test_code_in_yaml_is_not_run(folder: Path):
    file = write(folder, f"{SMALLEST}name: !!python/object/apply:os.mkdir [{folder}/made]\n")
    assert "must be valid YAML, got: could not determine a constructor for the tag" in refusal(file)
    assert not (folder / "made").exists()


def test_files_that_cannot_be_read(folder: Path):
    latin = folder / "latin.yaml"
    latin.write_bytes("name: größe\n".encode("latin-1"))
    assert refusal(latin) == (
        f"--config must be a readable YAML file, got {latin} (it is not UTF-8 text). Correct the path or the file."
    )
    assert refusal(folder / "none.yaml") == (
        f"--config must be a readable YAML file, got {folder}/none.yaml (No such file or directory). "
        "Correct the path or the file."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *(
            (text, f'--set must look like key=value, got "{text}". Example: --set training.epochs=20')
            for text in ("training.epochs", "=3", "training..epochs=3", ".epochs=3", "training.=3")
        ),
        ("training.epochs=[1", '--set training.epochs must have a YAML value, got "[1". Quote it.'),
        ("data.path=*.csv", '--set data.path must have a YAML value, got "*.csv". Quote it.'),
        (
            "name.x=3",
            '--set must name a key of a section, got "name.x", but name is a value. Correct the key.',
        ),
        ("training.epochs=", 'training.epochs must be a whole number, got "". Correct it in --set.'),
        (
            "training.epoch=3",
            'training.epoch must be a known key, got an unknown one. Did you mean "epochs"?',
        ),
        ("labels.regression=null", "labels.regression must be text, got nothing. Correct it in --set."),
    ],
)
def test_set_that_cannot_be_used(folder: Path, text: str, sentence: str):
    assert refusal(write(folder, f"name: t\n{SMALLEST}"), text) == sentence
