"""Vocabularies against plain Python, through a real Beam analysis, with texts that no line of a file holds."""

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

from components.transform.vocabulary import by_name, most_frequent, sorted_names, tokens
from components.transform.words import Word, read_words

# Line breaks of three systems, NUL in the middle and at the end, the escapes themselves, blanks, what is long.
ODD = ["a\nb", "a\r\nb", "\r", "n\x00l", "end\x00", "%0A", "100 %", "1:x", " red ", "größe", "\u2028", "x" * 100_000]
RNG = np.random.default_rng(5)
ROWS = [
    {"odd": [ODD[i % len(ODD)]], "noise": [f"n{RNG.integers(400)}"], "class": [["10", "9", "-1.5"][int(i**0.5) % 3]]}
    for i in range(1200)
]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """What the transform made of the rows, and the transform."""

    def preprocessing_fn(inputs):
        columns = {name: tf.sparse.reshape(column, [-1, 1]) for name, column in inputs.items()}
        features, label = tokens([columns["noise"], columns["odd"]]), tokens([columns["class"]])
        vocabulary, classes = most_frequent(features, 50, "words"), by_name(label[0], "names")
        texts = {"noise": (features[0], vocabulary), "odd": (features[1], vocabulary), "class": (label[0], classes)}
        return {
            name: tft.apply_vocabulary(tf.squeeze(tf.sparse.to_dense(text), axis=1), file, default_value=-1)
            for name, (text, file) in texts.items()
        }

    spec = {name: tf.io.VarLenFeature(tf.string) for name in ROWS[0]}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    with tft_beam.Context(str(tmp_path_factory.mktemp("beam")), desired_batch_size=100):
        (rows, _), fn = (ROWS, metadata) | tft_beam.AnalyzeAndTransformDataset(preprocessing_fn)
        path = str(tmp_path_factory.mktemp("fn") / "fn")
        fn | tft_beam.WriteTransformFn(path)
    return rows, tft.TFTransformOutput(path)


def test_a_column_of_many_texts_takes_nothing_from_another(analysed):
    """TFT cuts one vocabulary over all columns (tensorflow/transform issue 180); each column keeps its own here."""
    rows, output = analysed
    words = read_words(output, "words")
    counts = Counter(row["noise"][0] for row in ROWS)
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    assert [word.text.decode() for word in words if word.column == 0] == ranked[:50]
    assert {word.text.decode() for word in words if word.column == 1} == set(ODD)
    known = {(word.column, word.text.decode()): place for place, word in enumerate(words)}
    for row, found in zip(ROWS, rows, strict=True):
        assert found["odd"] == known[1, row["odd"][0]]
        assert found["noise"] == known.get((0, row["noise"][0]), -1)


def test_classes_have_one_order_that_follows_their_names(analysed):
    rows, output = analysed
    assert [word.text for word in read_words(output, "names")] == [b"-1.5", b"9", b"10"]
    assert [found["class"] for found in rows] == [["-1.5", "9", "10"].index(row["class"][0]) for row in ROWS]


def test_a_vocabulary_can_be_read_by_a_person(analysed):
    _, output = analysed
    with open(output.vocabulary_file_by_name("words"), "rb") as file:
        lines = file.read().split(b"\n")
    assert b"1:a%0D%0Ab" in lines
    assert b"1: red " in lines
    assert b"1:100 %25" in lines


@pytest.mark.parametrize("text", [*ODD, "", "%", "%%30", "\n\n"])
def test_every_text_comes_back_from_its_line(text: str):
    word = Word(12, text.encode())
    assert Word.of(word.token) == word
    assert not {b"\n", b"\r", b"\x00"} & {bytes([byte]) for byte in word.token}
    column = tf.SparseTensor([[0, 0]], [text], [1, 1])
    assert tokens([column])[0].values.numpy()[0] == Word(0, text.encode()).token


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["10", "9", "-1"], ["-1", "9", "10"]),
        (["1.0", "1", "1e0"], ["1", "1.0", "1e0"]),
        (["10", "9", "x"], ["10", "9", "x"]),
        (["nan", "2", "10"], ["10", "2", "nan"]),
        (["b", "a", "B", "ä"], ["B", "a", "b", "ä"]),
    ],
)
def test_numbers_sort_as_numbers_where_all_are(names: list[str], order: list[str]):
    assert [name.decode() for name in sorted_names(name.encode() for name in names)] == order
