"""Tables in a real S3-compatible server: what is found, read and said; boto3 puts the objects there."""

import hashlib
import io
import shutil
import tempfile
from pathlib import Path

import deltalake
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

from components.data_validator.analysis.distribution import describe
from components.example_gen.spec import expand
from components.example_gen.tables.fingerprint import fingerprint
from components.example_gen.tables.opening import open_table
from components.formats.distributions import Distributions
from components.objects import staging
from components.objects.staging import local, staged
from components.shared.errors import InputError
from pipeline.config.resolve import resolve
from pipeline.graph.inputs import gather
from pipeline.verbs.check import check_before_run, check_data
from pipeline.verbs.validate import judge_serving
from tests.lakes import delete_rows, iceberg_table
from tests.objects.server import nobody_let_in

HEADER = "x,y,k\n"


@pytest.fixture
def tables(s3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three tables, things that are none, and a temporary folder of this test's own, which is returned."""
    rows = [f"{row},{row / 2},{'ab'[row % 2]}\n" for row in range(40)]
    for key, text in {
        "wine/1.csv": HEADER + "".join(rows[:20]),
        "wine/2.csv": HEADER + "".join(rows[20:]),
        "wine/deeper/3.csv": HEADER + "".join(rows),
        "wine/_SUCCESS": "",
        "wine/notes.md": "hello",
        "wine2/4.csv": HEADER,
        "empty/e.csv": "",
    }.items():
        s3.put_object(Bucket="bucket", Key=key, Body=text.encode())
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    return temporary


def config(path: object, *more: str):
    flags = {"data.path": path, "labels.regression": "y", "labels.classification": "k"}
    return resolve(None, flags, more).config


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("s3://bucket/wine/1.csv", ["wine/1.csv"]),
        ("s3://bucket/wine", ["wine/1.csv", "wine/2.csv"]),
        ("s3://bucket/wine/", ["wine/1.csv", "wine/2.csv"]),
        ("s3://bucket/wine/*.csv", ["wine/1.csv", "wine/2.csv"]),
        ("s3://bucket/wine/[2-9].csv", ["wine/2.csv"]),
        ("s3://bucket/**/3.csv", ["wine/deeper/3.csv"]),
        (["s3://bucket/wine/2.csv", "s3://bucket/wine/*.csv"], ["wine/1.csv", "wine/2.csv"]),
    ],
)
def test_files_folders_globs_and_lists(tables: Path, given: object, found: list[str]):
    assert expand(given) == tuple(f"s3://bucket/{key}" for key in found)


def test_minio_is_the_same_at_its_own_server_with_its_own_credentials(
    tables: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("MINIO_ENDPOINT", endpoint.removeprefix("http://"))
    monkeypatch.setenv("MINIO_ACCESS_KEY", "tester")
    monkeypatch.setenv("MINIO_SECRET_KEY", "secret")
    assert expand("minio://bucket/wine") == ("minio://bucket/wine/1.csv", "minio://bucket/wine/2.csv")
    monkeypatch.delenv("MINIO_ENDPOINT")
    with pytest.raises(
        InputError, match=r"^MINIO_ENDPOINT must be set for minio://, got none\. Set it to http://HOST:PORT\.$"
    ):
        expand("minio://bucket/wine")


def test_rows_come_as_from_local_files_and_the_copies_go(tables: Path):
    paths = expand("s3://bucket/wine/*.csv")
    with staged(paths):
        assert sum(file.is_file() for file in tables.rglob("*")) == 2
        table = open_table(paths)
        batches = list(table.batches())
        with staged(paths):
            assert sum(file.is_file() for file in tables.rglob("*")) == 2, "a block inside uses the same copies"
        assert local(paths[0]) != paths[0]
    assert [batch.where(0) for batch in batches] == ['row 1 of "1.csv"', 'row 1 of "2.csv"']
    assert [cell for batch in batches for cell in batch.data["x"].to_pylist()] == [str(row) for row in range(40)]
    assert list(tables.iterdir()) == []
    assert local("here.csv") == "here.csv"


def test_parquet_is_read_as_well(s3, tables: Path):
    frame = pd.DataFrame({"x": [1, 2], "v": [[0.5], [1.5]]})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    s3.put_object(Bucket="bucket", Key="p/t.parquet", Body=buffer.getvalue())
    with staged(["s3://bucket/p/t.parquet"]):
        [batch] = open_table(["s3://bucket/p/t.parquet"]).batches()
    assert batch.data.to_pylist() == frame.to_dict("records")


def put_parquet(s3, key: str, **columns: list) -> None:
    buffer = io.BytesIO()
    pd.DataFrame(columns).to_parquet(buffer)
    s3.put_object(Bucket="bucket", Key=key, Body=buffer.getvalue())


def test_columns_in_the_names_of_folders_are_read_and_empty_parts_skipped(s3, tables: Path):
    put_parquet(s3, "shop/region=n%2Fx/0.parquet", x=[1])
    put_parquet(s3, "shop/region=__HIVE_DEFAULT_PARTITION__/0.parquet", x=[2])
    put_parquet(s3, "shop/region=s/0.parquet", x=[])
    put_parquet(s3, "shop/_temporary/0/0.parquet", x=[3])
    s3.put_object(Bucket="bucket", Key="shop/_SUCCESS", Body=b"")
    for source in ("s3://bucket/shop", "s3://bucket/shop/", "s3://bucket/shop/*/0.parquet"):
        paths = expand(source)
        with staged(paths):
            table = open_table(paths)
            found = [row for batch in table.batches() for row in batch.data.to_pylist()]
        assert found == [{"x": 2, "region": None}, {"x": 1, "region": "n/x"}]
        assert table.notes == (
            'The column "region" is read from the names of the folders, "region=…".',
            '1 of 3 data files have no rows and are skipped: "region=s/0.parquet".',
        )
    assert list(tables.iterdir()) == []


def test_a_bucket_of_folders_names_the_pattern(s3, tables: Path):
    put_parquet(s3, "deep/2026/01/0.parquet", x=[1])
    with pytest.raises(InputError) as caught:
        expand("s3://bucket/deep")
    assert str(caught.value) == (
        'The folder "s3://bucket/deep" must hold tables right under it or in folders like "year=2026", got some in '
        '"2026/01". If they are one table, name "s3://bucket/deep/**/*.parquet".'
    )


def put_folder(s3, folder: Path, key: str) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            s3.upload_file(str(file), "bucket", f"{key}/{file.relative_to(folder)}")


def read(paths: tuple[str, ...]) -> list[tuple]:
    with staged(paths):
        table = open_table(paths)
        return sorted(tuple(row.values()) for batch in table.batches() for row in batch.data.to_pylist())


def test_a_delta_table_is_read_in_one_version(s3, tables: Path, tmp_path: Path):
    rows = pa.table({"x": [1, 2, 3], "r": ["a", "b", "a"]})
    deltalake.write_deltalake(tmp_path / "d", rows, partition_by=["r"])
    deltalake.DeltaTable(tmp_path / "d").delete("x = 1")
    put_folder(s3, tmp_path / "d", "lake/sales")
    paths = expand("s3://bucket/lake/sales")
    assert paths == expand(paths) == ("s3://bucket/lake/sales@v1",)
    assert read(paths) == [(2, "b"), (3, "a")]
    assert read(expand("s3://bucket/lake/sales@v0")) == [(1, "a"), (2, "b"), (3, "a")]
    with staged(paths):
        assert open_table(paths).notes == ('The Delta table "s3://bucket/lake/sales" is read as of version 1.',)
    assert fingerprint(paths) == fingerprint(expand(tmp_path / "d"))
    assert list(tables.iterdir()) == []
    for inside in ("s3://bucket/lake/**/*.parquet", "s3://bucket/lake/sales/r=a"):
        with pytest.raises(
            InputError, match=r'got "s3://bucket/lake/sales"\. Name the table: "s3://bucket/lake/sales"'
        ):
            expand(inside)
    with pytest.raises(InputError, match=r'"s3://bucket/lake/sales" must be at most 1, got 9\. Name another\.$'):
        read(expand("s3://bucket/lake/sales@v9"))
    check_before_run(config("s3://bucket/wine"))
    assert config("s3://bucket/lake/sales@v0").name == "sales"


def test_an_iceberg_table_is_read_where_it_was_copied_to(s3, tables: Path, tmp_path: Path):
    schema = Schema(NestedField(1, "x", LongType(), required=False))
    table = iceberg_table(tmp_path / "t", schema)
    table.append(pa.table({"x": [1, 2, 3]}))
    first = table.current_snapshot().snapshot_id
    delete_rows(table, [1])
    put_folder(s3, tmp_path / "t", "lake/t")
    [path] = expand("s3://bucket/lake/t")
    assert path.startswith("s3://bucket/lake/t/metadata/00002-")
    shutil.rmtree(tmp_path / "t")
    assert read((path,)) == [(1,), (3,)]
    assert read(expand(f"s3://bucket/lake/t@v{first}")) == [(1,), (2,), (3,)]
    assert list(tables.iterdir()) == []
    with pytest.raises(InputError, match=r"files of an Iceberg table"):
        expand("s3://bucket/lake/t/data/*.parquet")


def test_a_hudi_table_is_refused(s3, tables: Path):
    s3.put_object(Bucket="bucket", Key="lake/h/.hoodie/hoodie.properties", Body=b"x")
    put_parquet(s3, "lake/h/0.parquet", x=[1])
    for given in ("s3://bucket/lake/h", "s3://bucket/lake/h/0.parquet"):
        with pytest.raises(InputError, match="Hudi table"):
            expand(given)


def test_fingerprint_is_that_of_the_same_content_here(s3, tables: Path, tmp_path: Path):
    contents = [s3.get_object(Bucket="bucket", Key=f"wine/{n}.csv")["Body"].read() for n in (1, 2)]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.csv").write_bytes(content)
    here = fingerprint(map(str, sorted(tmp_path.glob("*.csv"))))
    digests = sorted(hashlib.sha256(content).digest() for content in contents)
    assert fingerprint(expand("s3://bucket/wine")) == here == hashlib.sha256(b"".join(digests)).hexdigest()
    assert list(tables.iterdir()) == []


def test_a_serving_log_is_compared_where_it_lies(tables: Path, tmp_path: Path):
    train = {"x": describe(np.arange(40.0))}
    Distributions({"train": train, "eval": train}).write(tmp_path)
    found = judge_serving(config("t.csv"), tmp_path, expand("s3://bucket/wine"))
    assert found.anomalies == ()
    assert {(one.column, one.kind, one.value) for one in found.comparisons} == {("x", "serving skew", 0.0)}
    assert list(tables.iterdir()) == []


def test_facts_follow_the_content(s3, tables: Path):
    before = gather(config("s3://bucket/wine/*.csv"))
    assert before.fingerprint == gather(config(["s3://bucket/wine/2.csv", "s3://bucket/wine/1.csv"])).fingerprint
    s3.put_object(Bucket="bucket", Key="wine/1.csv", Body=b"x,y,k\n1,2,a\n")
    assert gather(config("s3://bucket/wine/*.csv")).fingerprint != before.fingerprint


def test_check_counts_the_rows(tables: Path):
    checked = check_data(config("s3://bucket/wine"))
    assert (checked.plan.profile.read, checked.plan.profile.classes) == (40, {"a": 20, "b": 20})
    assert list(tables.iterdir()) == []


def test_the_name_comes_from_the_object(tables: Path):
    names = {"s3://bucket/wine/1.csv": "1", "s3://bucket/wine/*.csv": "wine", "s3://bucket/*.csv": "bucket"}
    assert {path: config(path).name for path in names} == names


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            "s3://nowhere/wine/*.csv",
            '"s3://nowhere/wine/*.csv" must exist, got no such bucket or object. Correct its name.',
        ),
        ("s3://bucket/wine/11.csv", 'The data file must exist, got "s3://bucket/wine/11.csv". Did you mean "1.csv"?'),
        ("s3://bucket/wine/*.pq", 'The pattern "s3://bucket/wine/*.pq" must match at least one file, got none.'),
        ("s3://bucket/wine/deep*/", 'The pattern "s3://bucket/wine/deep*/" must match at least one file, got none.'),
        ("s3://bucket/empty", '"s3://bucket/empty/e.csv" must hold a header and rows, got an empty file.'),
    ],
)
def test_what_is_not_there_is_one_sentence(tables: Path, given: str, sentence: str):
    with pytest.raises(InputError) as caught:
        expand(given)
    assert str(caught.value) == sentence


def test_messages_name_what_the_user_wrote(s3, tables: Path):
    s3.put_object(Bucket="bucket", Key="wine/bad.csv", Body=b"x,y,k\n1,2\n")
    with pytest.raises(
        InputError, match=r'^Every row of "bad.csv" must have 3 fields like the header, got 2 in row 1\.'
    ):
        check_before_run(config("s3://bucket/wine/bad.csv"))
    s3.put_object(Bucket="bucket", Key="wine/bad.csv", Body=b"")
    s3.put_object(Bucket="bucket", Key="wine/bad.csv", Body=b"x,y,k\n")
    with pytest.raises(
        InputError, match=r'^"s3://bucket/wine/bad.csv" must hold at least one row, got a header only\.$'
    ):
        check_before_run(config("s3://bucket/wine/bad.csv"))
    assert list(tables.iterdir()) == []


def test_a_full_temporary_folder_is_said_before_anything_is_fetched(tables: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(staging, "size", lambda _: 1 << 60)
    message = (
        r"^The temporary folder must have room for 1073741824\.0 GiB of remote data, got .* Set TMPDIR to a larger"
    )
    with pytest.raises(InputError, match=message), staged(["s3://bucket/wine/1.csv"]):
        pass
    assert list(tables.iterdir()) == []


def test_wrong_credentials_are_one_sentence(tables: Path, endpoint: str):
    with nobody_let_in(endpoint), pytest.raises(InputError) as caught:
        expand("s3://bucket/wine/*.csv")
    assert str(caught.value).startswith('"s3://bucket/wine/*.csv" must be open to the credentials in use, got: ')
    assert str(caught.value).endswith(". Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do.")
    assert "\n" not in str(caught.value)


def test_no_credentials_are_one_sentence(tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(InputError) as caught:
        expand("s3://bucket/wine")
    assert str(caught.value) == (
        '"s3://bucket/wine" must be reached with credentials, got none. '
        "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    )


def test_a_server_that_does_not_answer_is_one_sentence(tables: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(InputError) as caught:
        expand("s3://bucket/wine")
    assert str(caught.value).startswith(
        'The server of "s3://bucket/wine" must answer, got: Could not connect to the endpoint URL: "http://127.0.0.1:9/'
    )
    assert str(caught.value).endswith("Check the network, and AWS_ENDPOINT_URL or MINIO_ENDPOINT.")


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "data.path=s4://bucket/t.csv",
            "data.path must be a local path or begin with s3://, minio:// or gs://, got s4://bucket/t.csv.",
        ),
        ("data.path=s3://", "data.path must name a bucket, got s3://. Write s3://BUCKET/FOLDER."),
        (
            "push.destination=hdfs://models",
            "push.destination must be a local path or begin with s3://, minio:// or gs://, got hdfs://models.",
        ),
        (
            "runtime.output=s3://bucket/runs",
            "runtime.output must be a local folder, got s3://bucket/runs. push.destination may be remote.",
        ),
    ],
)
def test_other_places_are_refused_in_the_configuration(override: str, sentence: str):
    with pytest.raises(InputError) as caught:
        config("t.csv", override)
    assert str(caught.value) == sentence
