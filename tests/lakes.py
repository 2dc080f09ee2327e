"""Delta and Iceberg tables as their own libraries write them, and logs of them that these libraries do not write."""

import json
import struct
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import AddSnapshotUpdate, SetSnapshotRefUpdate, update_table_metadata
from pyiceberg.typedef import Record
from pyroaring import BitMap


class Folder(NoopCatalog):
    """A catalog that knows a table by nothing but its newest metadata file."""

    def commit_table(self, table, requirements, updates):
        for requirement in requirements:
            requirement.validate(table.metadata)
        changed = update_table_metadata(table.metadata, updates, metadata_location=table.metadata_location)
        number = int(Path(table.metadata_location).name.partition("-")[0]) + 1
        return CommitTableResponse(metadata=changed, metadata_location=put_metadata(changed, number))


def put_metadata(metadata, number: int) -> str:
    place = f"{metadata.location}/metadata/{number:05d}-{uuid.uuid4()}.metadata.json"
    ToOutputFile.table_metadata(metadata, PyArrowFileIO().new_output(place))
    return place


def iceberg_table(folder: Path, schema: Schema, spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC) -> Table:
    """Makes an Iceberg table without rows."""
    metadata = new_table_metadata(schema, spec, UNSORTED_SORT_ORDER, f"file://{folder}", {})
    return Table(("db", folder.name), metadata, put_metadata(metadata, 0), PyArrowFileIO(), Folder("folder"))


class _Deletes(ManifestWriterV2):
    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


def delete_rows(table: Table, rows: list[int], content: DataFileContent = DataFileContent.POSITION_DELETES) -> None:
    """Deletes rows of the table's only data file the way Spark and Flink do: in a file beside it."""
    data = next(iter(table.scan().plan_files())).file
    root = table.location()
    if content == DataFileContent.POSITION_DELETES:
        listed = pa.table({"file_path": [data.file_path] * len(rows), "pos": pa.array(rows, pa.int64())})
    else:
        listed = pa.table({"y": pa.array([1.0])})
    place = f"{root}/data/{uuid.uuid4()}-deletes.parquet"
    pq.write_table(listed, place.removeprefix("file://"))
    parent = table.current_snapshot()
    number, sequence = parent.snapshot_id + 1, table.metadata.last_sequence_number + 1
    file = DataFile.from_args(
        content=content,
        file_path=place,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=Path(place.removeprefix("file://")).stat().st_size,
        equality_ids=[1] if content == DataFileContent.EQUALITY_DELETES else None,
    )
    output = table.io.new_output(f"{root}/metadata/{uuid.uuid4()}-m0.avro")
    with _Deletes(table.spec(), table.schema(), output, number, "null") as writer:
        writer.add_entry(ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=number, data_file=file))
    manifests = [*parent.manifests(table.io), writer.to_manifest_file()]
    listing = f"{root}/metadata/snap-{number}.avro"
    with write_manifest_list(
        2, table.io.new_output(listing), number, parent.snapshot_id, sequence, "null"
    ) as manifest_list:
        manifest_list.add_manifests(manifests)
    snapshot = Snapshot(
        snapshot_id=number,
        parent_snapshot_id=parent.snapshot_id,
        sequence_number=sequence,
        timestamp_ms=parent.timestamp_ms + 1,
        manifest_list=listing,
        summary=Summary(Operation.OVERWRITE),
        schema_id=table.schema().schema_id,
    )
    table._do_commit(
        (
            AddSnapshotUpdate(snapshot=snapshot),
            SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=number),
        ),
        (),
    )


def delta_log(folder: Path, version: int, actions: list[dict]) -> None:
    """Writes one commit of a Delta table."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    (log / f"{version:020d}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))


def delta_metadata(fields: list[dict], partition: tuple[str, ...] = (), **configuration: str) -> dict:
    return {
        "metaData": {
            "id": str(uuid.uuid4()),
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps({"type": "struct", "fields": fields}),
            "partitionColumns": list(partition),
            "configuration": configuration,
            "createdTime": 0,
        }
    }


def delta_add(folder: Path, name: str, **more: object) -> dict:
    size = (folder / name).stat().st_size
    added = {"path": name, "partitionValues": {}, "size": size, "modificationTime": 0, "dataChange": True}
    return {"add": added | more}


def delta_field(name: str, kind: str, **metadata: object) -> dict:
    return {"name": name, "type": kind, "nullable": True, "metadata": metadata}


def deletion_vector(rows: list[int]) -> dict:
    """Returns rows as the inline deletion vector of the Delta protocol: a 64-bit Roaring array in Z85."""
    content = struct.pack("<IqI", 1681511377, 1, 0) + BitMap(rows).serialize()
    padded = content + b"\0" * (-len(content) % 4)
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    text = ""
    for (word,) in struct.iter_unpack(">I", padded):
        digits = [word // 85**power % 85 for power in range(4, -1, -1)]
        text += "".join(alphabet[digit] for digit in digits)
    return {
        "storageType": "i",
        "pathOrInlineDv": text,
        "sizeInBytes": len(content),
        "cardinality": len(rows),
    }
