"""Tables in blocks, read one by one, against the table read as a whole."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from components.example_gen.tables import duckdb_files, parquet_files
from components.example_gen.tables.blocks import Block, blocks_of
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import Table
from components.shared.errors import InputError

ROWS = 5_000
DATA = pa.table({"n": range(ROWS), "t": [f"text {row % 71}" for row in range(ROWS)]})


def arrow(path: Path) -> None:
    with pa.ipc.new_file(path, DATA.schema) as file:
        file.write_table(DATA, max_chunksize=300)


def arrow_stream(path: Path) -> None:
    with pa.ipc.new_stream(path, DATA.schema) as file:
        file.write_table(DATA, max_chunksize=300)


WRITERS = {
    "parquet": lambda path: pq.write_table(DATA, path, row_group_size=300),
    "arrow": arrow,
    "orc": lambda path: pa.orc.write_table(DATA, path, stripe_size=1 << 10, batch_size=300),
}
IN_ONE = {
    "jsonl": lambda path: DATA.to_pandas().to_json(path, orient="records", lines=True),
    "csv": lambda path: DATA.to_pandas().to_csv(path, index=False),
    "csv.gz": lambda path: DATA.to_pandas().to_csv(path, index=False),
    "arrows": arrow_stream,
}


def opened(folder: Path, writers: dict) -> Table:
    for name, write in writers.items():
        write(folder / name)
    return open_table([str(folder / name) for name in sorted(writers)])


def read(table: Table, block: Block | None = None) -> pd.DataFrame:
    """The rows, with the file and the number of each in it."""
    found = [
        batch.data.to_pandas().assign(file=batch.number, row=range(batch.first_row, batch.first_row + len(batch.data)))
        for batch in table.batches(spans=None if block is None else block.spans)
    ]
    return pd.concat(found, ignore_index=True)


def in_blocks(table: Table, blocks: list[Block]) -> pd.DataFrame:
    assert [block.number for block in blocks] == list(range(len(blocks)))
    return pd.concat([read(table, block) for block in blocks], ignore_index=True)


@pytest.mark.parametrize("kind", WRITERS)
def test_the_parts_of_a_file_are_its_rows_with_their_numbers(tmp_path: Path, kind: str):
    table = opened(tmp_path, {f"t.{kind}": WRITERS[kind]})
    blocks = blocks_of(table, size=4_000)
    assert len(blocks) > 3
    pd.testing.assert_frame_equal(in_blocks(table, blocks), read(table))
    numbers = read(table)
    assert numbers["row"].tolist() == [row + 1 for row in numbers["n"]]
    assert len(blocks_of(table)) == 1


@pytest.mark.parametrize("kind", IN_ONE)
def test_text_and_streams_are_one_block_each(tmp_path: Path, kind: str):
    table = opened(tmp_path, {f"{name}.{kind}": IN_ONE[kind] for name in "ab"})
    blocks = blocks_of(table, size=100)
    assert [block.paths for block in blocks] == [(path,) for path in table.paths]
    pd.testing.assert_frame_equal(in_blocks(table, blocks), read(table))


def test_small_files_are_read_together_and_a_large_one_by_parts_alone(tmp_path: Path):
    small, empty = DATA.slice(0, 40), DATA.slice(0, 0)
    sizes = {"a": small, "b": small, "c": small, "d": DATA, "e": empty, "f": small, "g": small}
    writers = {
        f"{name}.parquet": lambda path, data=data: pq.write_table(data, path, row_group_size=300)
        for name, data in sizes.items()
    }
    table = opened(tmp_path, writers)
    blocks = blocks_of(table, size=2 * (tmp_path / "a.parquet").stat().st_size)
    names = ["".join(Path(path).stem for path in block.paths) for block in blocks]
    assert names[:2] == ["ab", "c"]
    assert names[-1] == "fg"
    assert set(names[2:-1]) == {"d"}
    assert len(names) > 6
    pd.testing.assert_frame_equal(in_blocks(table, blocks), read(table))


def test_a_row_that_is_left_out_and_the_columns_of_folders_are_so_in_blocks_too(tmp_path: Path):
    for land in ("at", "de"):
        (tmp_path / f"land={land}").mkdir()
        pq.write_table(DATA, tmp_path / f"land={land}" / "t.parquet", row_group_size=300)
    paths = sorted(str(path) for path in tmp_path.rglob("*.parquet"))
    whole = open_table(paths)
    table = Table(
        whole.paths, whole.columns, whole.dialect, folders=whole.folders, left_out={"land=de/t.parquet": ROWS}
    )
    found = in_blocks(table, blocks_of(table, size=4_000))
    pd.testing.assert_frame_equal(found, read(table))
    assert found["land"].value_counts().to_dict() == {"at": ROWS, "de": ROWS - 1}
    assert found.loc[found["land"] == "de", "n"].tolist() == list(range(ROWS - 1))


def test_a_part_that_pyarrow_does_not_read_comes_from_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table = opened(tmp_path, {"t.parquet": WRITERS["parquet"]})
    blocks = blocks_of(table, size=4_000)
    expected = read(table)
    rows = parquet_files._rows

    def broken(file, wanted, groups=None):
        for number, data in enumerate(rows(file, wanted, groups)):
            if number == 1 or 7 in groups:
                raise pa.ArrowInvalid("a part that is not read")
            yield data

    asked = []
    batches = duckdb_files.batches
    monkeypatch.setattr(parquet_files, "_rows", broken)
    monkeypatch.setattr(parquet_files, "_ROWS", 100)
    monkeypatch.setattr(duckdb_files, "batches", lambda *given: asked.append(given[2:]) or batches(*given))
    pd.testing.assert_frame_equal(in_blocks(table, blocks), expected)
    first = blocks[0].spans[0].some
    assert asked[0] == (100, first.rows)
    assert all(start < end for start, end in asked)


def test_a_damaged_file_is_refused_in_the_block_that_reads_it(tmp_path: Path):
    table = opened(tmp_path, {f"{name}.parquet": WRITERS["parquet"] for name in "ab"})
    whole = (tmp_path / "b.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[:400] + bytes(400) + whole[800:])
    first, second, *_ = blocks_of(table, size=(tmp_path / "a.parquet").stat().st_size)
    pd.testing.assert_frame_equal(read(table, first)[["n", "t"]], DATA.to_pandas())
    with pytest.raises(InputError, match=r"b.parquet"):
        read(table, second)
