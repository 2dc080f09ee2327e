#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: `--dist loadgroup` does not keep the tests of an `xdist_group` in one process.
#
# pytest-xdist notes a test's group by writing NAME@GROUP to the attribute `_nodeid` of each item in the worker. pytest
# 9.2.0 makes the id that xdist sends from another place, so the scheduler sees ids without a group, and deals the tests
# one by one. Nothing is said: a fixture of session scope that the group was to share is made in each process, and tests
# that need the order of their group fail now and then. With pytest 9.0.2 the groups are kept. `--dist loadfile` and
# `--dist loadscope`, which read the id alone, work with both.
#
# Seen with Python 3.11, pytest-xdist 3.8.0, ten tests of one group and two processes:
#
#     pytest 9.0.2, --dist loadgroup    1 process runs the group
#     pytest 9.2.0, --dist loadgroup    2 processes run the group
#     pytest 9.2.0, --dist loadfile     1 process runs the file
#
# Ends with 0 if all of this is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/test_group.py" <<'PY'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(10))
def test_of_the_group(number, tmp_path_factory):
    time.sleep(0.1)
    (tmp_path_factory.getbasetemp().parent / f"process-{os.getpid()}").touch()
PY
processes() { # PYTEST DIST
  local venv=$folder/venv-$1
  if [ ! -d "$venv" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "pytest==$1" pytest-xdist==3.8.0
  fi
  rm -rf "$folder/made"
  (cd "$folder" && "$venv/bin/python" -m pytest -q -n 2 --dist "$2" --basetemp "$folder/made" -p no:cacheprovider >/dev/null)
  find "$folder/made" -name 'process-*' | wc -l
}
for row in "9.0.2 loadgroup 1" "9.2.0 loadgroup 2" "9.2.0 loadfile 1"; do
  read -r pytest dist expected <<<"$row"
  found=$(processes "$pytest" "$dist")
  echo "pytest $pytest, --dist $dist: $found of 2 processes"
  [ "$found" = "$expected" ]
done
