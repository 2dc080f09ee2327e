"""The differences between a reviewed schema and the data, as sentences and applied."""

from pathlib import Path

from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_validator.remedy import remedy
from components.schema_gen.changes import changes
from components.schema_gen.schema_file import parse_schema, read_schema

REVIEWED = """
feature { name: "x" type: FLOAT presence { min_fraction: 1.0 } }
feature { name: "c" type: BYTES presence { min_fraction: 0.9 } string_domain { value: "red" value: "green" } }
feature { name: "s" type: BYTES domain: "shared" }
feature { name: "gone" type: INT }
feature { name: "turned" type: INT int_domain { min: 0 } }
feature { name: "y" type: FLOAT }
string_domain { name: "shared" value: "a" }
"""
NOW = """
feature { name: "x" type: FLOAT presence { min_fraction: 0.75 } }
feature { name: "c" type: BYTES presence { min_fraction: 0.95 } domain: "c" }
feature { name: "s" type: BYTES domain: "s" }
feature { name: "turned" type: BYTES domain: "turned" }
feature { name: "new" type: BYTES domain: "new" }
string_domain { name: "c" value: "red" value: "mauve" }
string_domain { name: "s" value: "a" value: "b" }
string_domain { name: "turned" value: "one" }
string_domain { name: "new" value: "z" }
"""


def parsed(text: str) -> schema_pb2.Schema:
    return parse_schema(text)


def test_differences_read_as_sentences():
    assert [change.sentence for change in changes(parsed(REVIEWED), parsed(NOW), ["y"])] == [
        '"x" has a value in at least 0.75 of the rows, was 1.',
        '"c" also holds "mauve".',
        '"s" also holds "b".',
        '"turned" is BYTES now, was INT.',
        '"new" is a new column: BYTES.',
        '"gone" is not in the data any more.',
    ]


def test_accepted_differences_are_none_any_more():
    schema = parsed(REVIEWED)
    for change in changes(schema, parsed(NOW), ["y"]):
        change.apply(schema)
    assert changes(schema, parsed(NOW), ["y"]) == []
    features = {feature.name: feature for feature in schema.feature}
    assert list(features) == ["x", "c", "s", "turned", "y", "new"]
    assert list(features["c"].string_domain.value) == ["red", "green", "mauve"]
    assert features["c"].presence.min_fraction == parsed(REVIEWED).feature[1].presence.min_fraction
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    assert domains == {"shared": ["a", "b"], "turned": ["one"], "new": ["z"]}


def test_booleans_and_whole_numbers_that_were_reviewed_as_such(tmp_path: Path):
    """TFDV's other kinds of domains, as a schema of the time before text columns got lists of texts has them."""
    path = tmp_path / "schema.pbtxt"
    path.write_text(
        'feature { name: "t" type: BYTES bool_domain { true_value: "yes" false_value: "no" } }'
        'feature { name: "i" type: BYTES int_domain { min: 0 } }'
        'feature { name: "n" type: INT bool_domain {} }'
    )
    now = parsed(
        'feature { name: "t" type: BYTES string_domain { value: "yes" value: "no" value: "later" } }'
        'feature { name: "i" type: BYTES string_domain { value: "1" value: "-2" value: "x" } }'
        'feature { name: "n" type: INT }'
    )
    schema = read_schema(path)
    assert (schema.feature[2].int_domain.min, schema.feature[2].int_domain.max) == (0, 1)
    found = changes(schema, now, ["y"])
    assert [change.sentence for change in found] == [
        '"t" also holds "later".',
        '"i" also holds "-2", "x", which its int_domain does not allow.',
    ]
    for change in found:
        change.apply(schema)
    assert [list(one.string_domain.value) for one in schema.feature[:2]] == [["no", "yes", "later"], ["1", "-2", "x"]]
    text = path.read_text()
    assert remedy("INT_TYPE_BIG_INT", "n", "", schema, text).endswith(
        "remove its bool_domain, which allows 0 and 1 only"
    )
    unexpected = "Examples contain values missing from the schema: later (~2%)"
    assert remedy("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "t", unexpected, read_schema(path), text).endswith(
        'write string_domain { value: "no" value: "yes" value: "later" } in place of its bool_domain'
    )


def test_large_domains_read_as_short_sentences():
    def texts(*numbers: int) -> str:
        return " ".join(f'value: "t{number:04}"' for number in numbers)

    reviewed = parsed(f'feature {{ name: "c" type: BYTES string_domain {{ {texts(*range(5_000))} }} }}')
    now = parsed(
        f'feature {{ name: "c" type: BYTES domain: "c" }} string_domain {{ name: "c" {texts(*range(9_000))} }}'
    )
    [change] = changes(reviewed, now, ["y"])
    assert change.sentence.startswith('"c" also holds "t5000", "t5001", ')
    assert change.sentence.endswith(" and 3,992 more.")
    change.apply(reviewed)
    assert changes(reviewed, now, ["y"]) == []


def test_bounds_of_presence_that_moved_by_chance_are_no_difference():
    now = REVIEWED.replace("min_fraction: 1.0", "min_fraction: 0.96")
    assert changes(parsed(REVIEWED), parsed(now), ["y"]) == []


def test_the_same_schema_differs_in_nothing():
    assert changes(parsed(REVIEWED), parsed(REVIEWED), ["y"]) == []


def test_remedies_name_the_line():
    schema = parsed(REVIEWED)
    found = "Examples contain values missing from the schema: mauve (~2%), pale blue (<1%)"
    assert remedy("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "c", found, schema, REVIEWED) == (
        'data.schema_file, line 3, feature "c": add value: "mauve" value: "pale blue" to its string_domain'
    )
    assert remedy("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "s", found, schema, REVIEWED).endswith(
        'line 4, feature "s": add value: "mauve" value: "pale blue" to the string_domain shared'
    )
    assert remedy("FEATURE_TYPE_LOW_FRACTION_PRESENT", "x", "", schema, REVIEWED) == (
        'data.schema_file, line 2, feature "x": lower presence.min_fraction'
    )
    assert remedy("SCHEMA_NEW_COLUMN", "n", "", schema, REVIEWED) == (
        'data.schema_file: add feature { name: "n" }, or data.ignore: ["n"]'
    )
    assert remedy("INT_TYPE_SMALL_INT", "turned", "", schema, REVIEWED).endswith("widen int_domain or float_domain")
    assert remedy("ANY", "x", "", schema, "") == "gates.data.levels: {ANY: ignore}"


def test_other_spellings_of_a_boolean_or_a_number_are_no_difference():
    before = parsed(
        'feature { name: "b" type: BYTES string_domain { value: "False" value: "True" } }'
        'feature { name: "w" type: BYTES bool_domain { true_value: "T" false_value: "F" } }'
        'feature { name: "n" type: BYTES int_domain {} }'
    )
    now = parsed(
        'feature { name: "b" type: BYTES string_domain { value: "false" value: "true" } }'
        'feature { name: "w" type: BYTES string_domain { value: "false" value: "maybe" } }'
        'feature { name: "n" type: BYTES string_domain { value: "1" } }'
    )
    (change,) = changes(before, now, [])
    assert change.sentence == '"w" also holds "maybe".'
    change.apply(before)
    assert list(before.feature[1].string_domain.value) == ["F", "T", "maybe"]
