import json
import re
from dataclasses import asdict

import pytest

from components.example_gen.tables.dialect import MISSING, Dialect
from components.shared.errors import InputError


def test_json_gives_the_dialect_back():
    dialect = Dialect("csv", ";", ("-", "?"))
    assert Dialect.from_dict(json.loads(json.dumps(asdict(dialect)))) == dialect


def test_a_dialect_of_the_time_before_has_the_usual_spellings():
    assert Dialect.from_dict({"format": "csv", "delimiter": ","}) == Dialect("csv", ",", MISSING)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"delimiter": "::"}, "one ASCII character, got '::'"),
        ({"format": "json"}, 'auto, csv or parquet, got "json"'),
    ],
)
def test_a_dialect_that_cannot_be_is_refused(fields, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Dialect(**fields)
