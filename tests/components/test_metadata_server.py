"""How ML Metadata is told of a database server, and what the servers give back."""

import ml_metadata
import pytest
from google.protobuf.struct_pb2 import Struct
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto.metadata_store_service_pb2 import PutExecutionsRequest

from pipeline.config.metadata_address import PASSWORD
from pipeline.errors import InputError
from pipeline.local import metadata_server
from pipeline.local.metadata_server import connected, connection, require_server
from tests.servers import SECRET, mysql, postgresql


def test_the_password_is_in_no_connection_that_a_pipeline_has(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PASSWORD, "s3cret")
    mysql = connection("mysql://mtl@localhost/runs").mysql
    assert (mysql.host, mysql.port, mysql.user, mysql.database, mysql.password) == (
        "127.0.0.1",
        3306,
        "mtl",
        "runs",
        "",
    )
    found = connection("postgresql://o%27hara@db:6000/runs").postgresql
    assert (found.host, found.port, found.user, found.dbname) == ("db", "6000", r"'o\'hara'", "runs")
    assert found.password == ""


@pytest.mark.parametrize(("address", "kind"), [("mysql://mtl@localhost:1/runs", "mysql")])
def test_a_server_that_does_not_listen(address: str, kind: str):
    with pytest.raises(InputError) as refused:
        require_server(address)
    assert str(refused.value) == (
        f"runtime.metadata must be where a {kind} server listens, got {address}, where none does (Connection refused). "
        "Start it, or correct runtime.metadata."
    )


def test_a_letter_is_replaced_in_all_texts_and_nowhere_else():
    struct = Struct()
    struct.update({"a\\b": ["\\N", 1.5, {"c": "\\"}], "d": None})
    execution = pb.Execution(type_id=3, name="n\\")
    execution.properties["p\\"].string_value = "\\N 'x'"
    execution.custom_properties["q"].struct_value.CopyFrom(struct)
    execution.custom_properties["r"].double_value = 2.5
    kind = pb.ExecutionType(name="T")
    kind.properties["a\\"] = pb.DOUBLE
    request = PutExecutionsRequest(executions=[execution, execution])
    for message in (request, kind):
        before = type(message)()
        before.CopyFrom(message)
        metadata_server._replace(message, "\\", "\ue05c")
        assert b"\\" not in message.SerializeToString()
        assert message != before
        metadata_server._replace(message, "\ue05c", "\\")
        assert message == before


@pytest.mark.slow
@pytest.mark.parametrize("kind", [postgresql, mysql], ids=["postgresql", "mysql"])
def test_a_server_gives_back_what_it_got(kind, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PASSWORD, SECRET)
    text = r"C:\x'; DROP TABLE Type; -- \N"
    with kind() as (server, _), connected(f"{server}/runs"):
        address = f"{server}/runs"
        assert require_server(address), "nothing was run into it"
        store = ml_metadata.MetadataStore(connection(address))
        step = store.put_execution_type(pb.ExecutionType(name="Step"))
        execution = pb.Execution(type_id=step)
        execution.custom_properties["argument"].string_value = text
        [number] = store.put_executions([execution])
        [found] = store.get_executions_by_id([number])
        assert found.custom_properties["argument"].string_value == text
        assert not require_server(address)

        model = store.put_artifact_type(pb.ArtifactType(name="Model"))
        numbers = store.put_artifacts([pb.Artifact(type_id=model, uri=f"/{name}") for name in "abc"])
        for _ in range(50):  # PostgreSQL moves a row that is updated
            store.put_artifacts([pb.Artifact(id=numbers[0], type_id=model, uri="/a", state=pb.Artifact.LIVE)])
        for asked in (numbers, numbers[::-1]):
            given = [artifact.id for artifact in store.get_artifacts_by_id(asked)]
            assert given == (asked if kind is postgresql else sorted(asked))
        monkeypatch.setenv(PASSWORD, "other")
        with pytest.raises(InputError) as refused:
            require_server(address)
    answer = {
        postgresql: 'password authentication failed for user "mtl"',
        mysql: "none (a MySQL 8 account must use mysql_native_password)",
    }[kind]
    assert str(refused.value) == (
        'runtime.metadata must let the user "mtl" in with the password of MTL_METADATA_PASSWORD, got the answer: '
        f"{answer}. Correct one of both, or the account."
    )
