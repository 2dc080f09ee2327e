"""Where no image can be built, its tests say why; a stand-in for buildah knows images by files in a folder."""

from pathlib import Path

import pytest

from tests.image.conftest import BASE, ENVIRONMENT, lacking

BUILDAH = """#!/bin/sh
[ "$1 $2 $3" = "inspect --type image" ] && [ -e "{known}/$(echo "$4" | tr / _)" ]
"""
TOOL = """#!/bin/sh
touch "{known}/$(echo "$1" | tr / _)"
"""


def script(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of known images; the path has the stand-in and the system's own programs."""
    programs, known = tmp_path / "bin", tmp_path / "images"
    programs.mkdir()
    known.mkdir()
    for program in ("sh", "tr", "touch"):
        (programs / program).symlink_to(f"/bin/{program}")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setitem(ENVIRONMENT, "PATH", str(programs))
    return known


def test_without_buildah(known: Path, tmp_path: Path):
    assert lacking(tmp_path / "tool") == "buildah is not installed here, so no image can be built"


def test_without_the_base_image_and_its_tool(known: Path, tmp_path: Path):
    script(tmp_path / "bin" / "buildah", BUILDAH.format(known=known))
    tool = tmp_path / "tool"
    assert lacking(tool) == f"{BASE} is not on this machine, nor {tool} that makes it, and tests fetch nothing"
    (known / BASE.replace("/", "_")).touch()
    assert lacking(tool) == ""


def test_the_tool_makes_the_base_image(known: Path, tmp_path: Path):
    script(tmp_path / "bin" / "buildah", BUILDAH.format(known=known))
    assert lacking(script(tmp_path / "tool", TOOL.format(known=known))) == ""
    assert [path.name for path in known.iterdir()] == [BASE.replace("/", "_")]
    (known / BASE.replace("/", "_")).unlink()
    with pytest.raises(AssertionError, match="no mirror"):
        lacking(script(tmp_path / "tool", "#!/bin/sh\necho no mirror >&2\nexit 1\n"))
