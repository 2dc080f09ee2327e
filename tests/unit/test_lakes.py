"""Delta and Iceberg tables: the rows of one state, whatever files lie in the folder.

delta-rs 1.6 and pyiceberg 0.12 write the tables and are asked for the same rows; what they do not write (deletion
vectors, mapped columns, position deletes) is written as the protocols of Delta 3 and Iceberg 2 say.
"""

import re
import shutil
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFileContent
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, NestedField, StringType

from components.example_gen.spec import expand
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.example_gen.tables.table import bytes_of
from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from tests.lakes import (
    delete_rows,
    deletion_vector,
    delta_add,
    delta_field,
    delta_log,
    delta_metadata,
    iceberg_table,
)

ROWS = pa.table({"y": [1.0, 2.0, 3.0, 4.0], "c": list("abab"), "r": ["n/x", "s", "n/x", None]})
ICE = Schema(
    NestedField(1, "y", DoubleType(), required=False),
    NestedField(2, "c", StringType(), required=False),
    NestedField(3, "r", StringType(), required=False),
)


def rows(source: object, columns: list[str] | None = None) -> list[tuple]:
    table = open_table(expand(source))
    found = [tuple(row.values()) for batch in table.batches(columns) for row in batch.data.to_pylist()]
    return sorted(found, key=str)


def as_rows(table: pa.Table) -> list[tuple]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=str)


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    """Versions: 0 four rows, 1 the same again, 2 without y = 2, 3 compacted."""
    folder = tmp_path / "sales"
    deltalake.write_deltalake(folder, ROWS, partition_by=["r"])
    deltalake.write_deltalake(folder, ROWS, mode="append")
    deltalake.DeltaTable(folder).delete("y = 2.0")
    deltalake.DeltaTable(folder).optimize.compact()
    return folder


def test_a_delta_folder_is_its_newest_version(delta: Path):
    expected = as_rows(pa.table(deltalake.DeltaTable(delta).to_pyarrow_table()))
    assert expand(delta) == (f"{delta}@v3",)
    assert rows(delta) == expected == as_rows(pa.concat_tables([ROWS.filter(pa.array([True, False, True, True]))] * 2))
    assert open_table(expand(delta)).columns == ("y", "c", "r")
    assert rows(delta, ["r"]) == sorted([(row[2],) for row in expected], key=str)


def test_a_version_of_a_delta_table_can_be_named(delta: Path):
    assert rows(f"{delta}@v0") == as_rows(ROWS)
    assert rows(f"{delta}@v1") == as_rows(pa.concat_tables([ROWS, ROWS]))
    with pytest.raises(InputError, match=re.escape(f'"{delta}" must be at most 3, got 9.')):
        expand(f"{delta}@v9")


def test_a_run_keeps_to_the_version_it_began_with(delta: Path):
    paths = expand(delta)
    before = fingerprint(paths)
    deltalake.write_deltalake(delta, ROWS, mode="append")
    assert expand(paths) == paths
    assert fingerprint(paths) == before
    assert fingerprint(expand(delta)) != before
    assert bytes_of(paths[0]) < bytes_of(expand(delta)[0])


def test_a_version_whose_files_were_vacuumed_is_gone(delta: Path):
    deltalake.DeltaTable(delta).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert len(rows(delta)) == 6
    for read in (rows, lambda path: fingerprint(expand(path)), lambda path: bytes_of(expand(path)[0])):
        with pytest.raises(InputError, match=r'^Every file of a table must be there, got none ".*\.parquet"\. It may'):
            read(f"{delta}@v1")


@pytest.mark.parametrize("inside", ["r=s", "*/*.parquet", "**/*.parquet", "_delta_log", "r=s/*"])
def test_the_files_of_a_delta_table_are_not_read_one_by_one(delta: Path, inside: str):
    with pytest.raises(InputError) as caught:
        expand(delta / inside)
    assert str(caught.value) == (
        "The data must not be files of a Delta table, which hold deleted and replaced rows as well, "
        f'got "{delta}". Name the table: "{delta}".'
    )


def test_a_column_that_came_later_is_missing_in_older_files(tmp_path: Path):
    deltalake.write_deltalake(tmp_path / "t", pa.table({"y": [1, 2]}))
    deltalake.write_deltalake(tmp_path / "t", pa.table({"y": [3], "z": ["new"]}), mode="append", schema_mode="merge")
    assert rows(tmp_path / "t") == [(1, None), (2, None), (3, "new")]


def test_deletion_vectors_are_honoured(tmp_path: Path):
    folder = tmp_path / "t"
    folder.mkdir()
    pq.write_table(pa.table({"y": list(range(10))}), folder / "a.parquet", row_group_size=4)
    delta_log(
        folder,
        0,
        [
            {
                "protocol": {
                    "minReaderVersion": 3,
                    "minWriterVersion": 7,
                    "readerFeatures": ["deletionVectors"],
                    "writerFeatures": ["deletionVectors"],
                }
            },
            delta_metadata([delta_field("y", "long")], **{"delta.enableDeletionVectors": "true"}),
            delta_add(folder, "a.parquet", deletionVector=deletion_vector([0, 5, 9]), stats='{"numRecords": 10}'),
        ],
    )
    assert [row[0] for row in rows(folder)] == [1, 2, 3, 4, 6, 7, 8]


def test_mapped_columns_are_read_by_their_physical_names(tmp_path: Path):
    folder = tmp_path / "t"
    (folder / "p").mkdir(parents=True)
    pq.write_table(pa.table({"col-1": [1.5, 2.5]}), folder / "p" / "a.parquet")
    mapped = {"delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1"}
    divided = {"delta.columnMapping.id": 2, "delta.columnMapping.physicalName": "col-2"}
    delta_log(
        folder,
        0,
        [
            {"protocol": {"minReaderVersion": 2, "minWriterVersion": 5}},
            delta_metadata(
                [delta_field("price", "double", **mapped), delta_field("day", "date", **divided)],
                ("day",),
                **{"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "2"},
            ),
            delta_add(folder, "p/a.parquet", partitionValues={"col-2": "2026-01-31"}),
        ],
    )
    assert [(price, str(day)) for price, day in rows(folder)] == [(1.5, "2026-01-31"), (2.5, "2026-01-31")]


def test_what_cannot_be_read_of_delta_is_one_sentence(tmp_path: Path):
    bare, newer = tmp_path / "bare", tmp_path / "newer"
    for folder in (bare, newer):
        folder.mkdir()
        pq.write_table(pa.table({"y": [1]}), folder / "a.parquet")
    delta_log(bare, 0, [{"add": {"path": "a.parquet", "dataChange": True}}])
    with pytest.raises(
        InputError, match=r'^The Delta table ".*bare" must be readable by delta-rs, got: .*name that\.$'
    ):
        expand(bare)
    features = {"readerFeatures": ["sidewaysRows"], "writerFeatures": ["sidewaysRows"]}
    delta_log(
        newer,
        0,
        [
            {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7} | features},
            delta_metadata([delta_field("y", "long")]),
            delta_add(newer, "a.parquet"),
        ],
    )
    with pytest.raises(InputError, match=r"Write its current rows to Parquet and name that\.$") as caught:
        rows(newer)
    assert "sidewaysRows" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def iceberg(tmp_path: Path) -> Path:
    """Snapshots: four rows; then four others in their place; then y = 3 deleted."""
    folder = tmp_path / "sales"
    table = iceberg_table(folder, ICE, PartitionSpec(PartitionField(3, 1000, IdentityTransform(), "r")))
    table.append(ROWS)
    table.overwrite(ROWS.set_column(0, "y", pa.array([5.0, 2.0, 3.0, 4.0])))
    table.delete("y = 3")
    return folder


def test_an_iceberg_folder_is_its_newest_snapshot(iceberg: Path):
    expected = [(2.0, "b", "s"), (4.0, "b", None), (5.0, "a", "n/x")]
    [path] = expand(iceberg)
    assert re.fullmatch(rf"{iceberg}/metadata/0000\d-.*\.metadata\.json", path)
    assert rows(iceberg) == rows(path) == expected
    assert open_table([path]).notes == (
        f'The Iceberg table "{iceberg}" is read as {Path(path).name} says; a catalog may know another state of it.',
    )


def test_a_snapshot_of_an_iceberg_table_can_be_named(iceberg: Path, tmp_path: Path):
    table = iceberg_table(tmp_path / "other", ICE)
    table.append(ROWS)
    first = table.current_snapshot().snapshot_id
    table.append(ROWS)
    assert rows(f"{tmp_path / 'other'}@v{first}") == as_rows(ROWS)
    assert rows(expand(f"{tmp_path / 'other'}@v{first}")) == as_rows(ROWS)
    assert len(rows(tmp_path / "other")) == 8
    with pytest.raises(InputError, match=rf"must be one of {first}, \d+, got 7\.$"):
        expand(f"{tmp_path / 'other'}@v7")
    assert fingerprint(expand(f"{tmp_path / 'other'}@v{first}")) != fingerprint(expand(tmp_path / "other"))


def test_rows_deleted_beside_the_data_are_left_out(tmp_path: Path):
    table = iceberg_table(tmp_path / "t", ICE)
    table.append(ROWS)
    delete_rows(table, [0, 3])
    assert rows(tmp_path / "t") == as_rows(ROWS.slice(1, 2)) == as_rows(table.scan().to_arrow())


def test_rows_deleted_by_value_are_refused(tmp_path: Path):
    table = iceberg_table(tmp_path / "t", ICE)
    table.append(ROWS)
    delete_rows(table, [0], DataFileContent.EQUALITY_DELETES)
    with pytest.raises(InputError) as caught:
        rows(tmp_path / "t")
    assert str(caught.value) == (
        f'The Iceberg table "{tmp_path / "t"}" must be readable by pyiceberg, got: rows that are deleted by their '
        "values (equality deletes). Compact it, or write its current rows to Parquet and name that."
    )


def test_columns_of_iceberg_are_known_by_their_numbers(tmp_path: Path):
    table = iceberg_table(tmp_path / "t", ICE)
    table.append(ROWS)
    with table.update_schema() as change:
        change.rename_column("y", "price")
        change.delete_column("r")
        change.add_column("r", DoubleType())
    assert rows(tmp_path / "t") == [(1.0, "a", None), (2.0, "b", None), (3.0, "a", None), (4.0, "b", None)]
    assert open_table(expand(tmp_path / "t")).columns == ("price", "c", "r")


def test_a_table_that_was_moved_is_read_where_it_lies(iceberg: Path, tmp_path: Path):
    expected = rows(iceberg)
    shutil.move(iceberg, tmp_path / "moved")
    assert rows(tmp_path / "moved") == expected


@pytest.mark.parametrize("inside", ["data", "data/*/*.parquet", "**/*.parquet", "metadata"])
def test_the_files_of_an_iceberg_table_are_not_read_one_by_one(iceberg: Path, inside: str):
    with pytest.raises(InputError, match=rf"^The data must not be files of an Iceberg table, .* got \"{iceberg}\"\."):
        expand(iceberg / inside)


def test_of_two_newest_metadata_files_one_must_be_named(iceberg: Path):
    [path] = expand(iceberg)
    twin = Path(path).with_name(Path(path).name[:6] + "0" * 8 + Path(path).name[14:])
    shutil.copy(path, twin)
    with pytest.raises(InputError, match=r"must be one file, got .* Name the one that the catalog knows\.$"):
        expand(iceberg)
    assert expand(twin) == (str(twin),)


@pytest.mark.parametrize("pattern", ["metadata/*.metadata.json", "metadata/snap-*.avro", "metadata/*-m0.avro"])
@pytest.mark.parametrize("kept", [0, 0.5])
def test_damaged_metadata_of_iceberg_is_one_sentence(tmp_path: Path, pattern: str, kept: float):
    iceberg_table(tmp_path / "t", ICE).append(ROWS)
    for file in (tmp_path / "t").glob(pattern):
        file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    with pytest.raises(InputError, match=rf'^The Iceberg table "{tmp_path}/t" must be readable by pyiceberg') as caught:
        rows(tmp_path / "t")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_damaged_log_of_delta_is_one_sentence(tmp_path: Path, kept: float):
    deltalake.write_deltalake(tmp_path / "t", ROWS)
    for file in (tmp_path / "t" / "_delta_log").iterdir():
        file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    with pytest.raises(InputError, match=rf'^The Delta table "{tmp_path}/t" must be readable by delta-rs') as caught:
        rows(tmp_path / "t")
    assert "\n" not in str(caught.value)


def test_a_hudi_table_is_refused(tmp_path: Path):
    (tmp_path / "t" / ".hoodie").mkdir(parents=True)
    (tmp_path / "t" / "p").mkdir()
    pq.write_table(pa.table({"y": [1]}), tmp_path / "t" / "p" / "a.parquet")
    for path in ("t", "t/p", "t/*/*.parquet"):
        with pytest.raises(InputError, match=r"Hudi table.*Write its current rows to Parquet and name that\.$"):
            expand(tmp_path / path)


def test_a_version_of_what_has_none_is_refused(tmp_path: Path):
    (tmp_path / "t").mkdir()
    (tmp_path / "b.csv@v2").write_text("a,b\n1,2\n")
    assert rows(tmp_path / "b.csv@v2") == [("1", "2")]
    with pytest.raises(InputError, match=r"^A version can be named of Delta and Iceberg tables only, got .*t@v1"):
        expand(tmp_path / "t@v1")


def test_a_run_is_named_after_the_table_whatever_the_version(tmp_path: Path):
    for path in ("sales", "sales@v3", "sales/metadata/v3.metadata.json", "sales@v3/"):
        flags = {"data.path": f"{tmp_path}/{path}", "labels.regression": "y", "labels.classification": "c"}
        assert resolve(None, flags).config.name == "sales"
