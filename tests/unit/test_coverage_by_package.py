import pytest

from tests.coverage_by_package import by_package, lines


def entry(lines: int, of_lines: int, branches: int, of_branches: int) -> dict:
    return {
        "summary": {
            "covered_lines": lines,
            "num_statements": of_lines,
            "covered_branches": branches,
            "num_branches": of_branches,
        }
    }


def test_lines_and_branches_of_a_package_are_added_up():
    files = {
        "components/pusher/files.py": entry(3, 4, 1, 2),
        "components/pusher/parts/deep.py": entry(1, 2, 0, 0),
        "pipeline/errors.py": entry(0, 0, 0, 0),
    }
    found = by_package(files)
    assert found == {"components/pusher": (5, 8), "pipeline": (0, 0)}
    assert list(lines(found)) == [
        " 62.50 %       5 of      8  components/pusher",
        "100.00 %       0 of      0  pipeline",
        " 62.50 %       5 of      8  all",
    ]


def test_a_file_without_figures_is_an_error():
    with pytest.raises(KeyError, match="summary"):
        by_package({"pipeline/errors.py": {}})
