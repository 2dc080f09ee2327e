"""One JSON file between two steps: written, read, upgraded, refused."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.formats.json_file import JsonFile
from components.shared.errors import InputError
from components.shared.kept_files import Damaged


@dataclass(frozen=True)
class Part:
    name: str
    share: float | None = None


@dataclass(frozen=True)
class Account(JsonFile, file="account.json", format=3):
    rows: int
    parts: dict[str, Part] = field(default_factory=dict)

    @classmethod
    def upgraded(cls, fields: dict[str, Any], format: int) -> dict[str, Any]:
        if format == 1:
            raise LookupError
        return {"rows": fields["count"]}


def test_what_is_written_is_plain_json_and_read_as_it_was(tmp_path: Path):
    account = Account(3, {"a": Part("\u00e4\n", 0.1)})
    account.write(tmp_path)
    text = (tmp_path / "account.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"format": 3, "rows": 3, "parts": {"a": {"name": "\u00e4\n", "share": 0.1}}}
    assert "\u00e4" in text
    assert text.endswith("}\n")
    assert Account.read(tmp_path) == account


def test_a_number_that_json_does_not_know_is_not_written(tmp_path: Path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Account(1, {"a": Part("a", float("nan"))}).write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_field_of_a_newer_mtl_is_passed_over(tmp_path: Path):
    (tmp_path / "account.json").write_text('{"format": 3, "rows": 3, "later": [1]}')
    assert Account.read(tmp_path) == Account(3)


def test_an_older_format_is_upgraded(tmp_path: Path):
    (tmp_path / "account.json").write_text('{"format": 2, "count": 5}')
    assert Account.read(tmp_path) == Account(5)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        ('{"format": 4, "rows": 3}', "format 4"),
        ('{"rows": 3}', "format 1"),
        ('{"format": "3", "rows": 3}', "format 3"),
        ('{"format": 0, "rows": 3}', "format 0"),
    ],
)
def test_another_format_is_refused_in_one_sentence(tmp_path: Path, content: str, got: str):
    (tmp_path / "account.json").write_text(content)
    with pytest.raises(InputError) as raised:
        Account.read(tmp_path, "Run again.")
    assert str(raised.value) == f"{tmp_path}/account.json must be of format 3, got {got}. Run again."


def test_a_field_of_another_type_is_damage(tmp_path: Path):
    (tmp_path / "account.json").write_text('{"format": 3, "rows": "many"}')
    with pytest.raises(Damaged) as raised:
        Account.read(tmp_path, "Run again.")
    assert str(raised.value) == (
        f"{tmp_path}/account.json must hold what mtl wrote, got `rows`: input should be a valid integer, "
        "unable to parse string as an integer. Run again."
    )


def test_a_file_that_may_be_missing_is_none_or_read_like_any_other(tmp_path: Path):
    assert Account.find(None) is None
    assert Account.find(tmp_path / "none") is None
    assert Account.find(tmp_path) is None
    Account(3).write(tmp_path)
    assert Account.find(tmp_path) == Account(3)
    (tmp_path / "account.json").write_text("{")
    with pytest.raises(Damaged):
        Account.find(tmp_path)
