import pytest

from components.example_gen.tables.fingerprint import fingerprint
from components.shared.errors import InputError


def test_content_alone_decides(tmp_path):
    (tmp_path / "a").write_text("x,y\n1,2\n")
    (tmp_path / "b").write_text("x,y\n3,4\n")
    (tmp_path / "copy").write_text("x,y\n1,2\n")
    (tmp_path / "changed").write_text("x,y\n1,3\n")
    a, b, copy, changed = (str(tmp_path / name) for name in ("a", "b", "copy", "changed"))
    assert fingerprint([a, b]) == fingerprint([b, copy])
    assert len({fingerprint([a]), fingerprint([changed]), fingerprint([a, copy]), fingerprint([a, b])}) == 4


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        fingerprint([str(tmp_path / "gone.csv")])
