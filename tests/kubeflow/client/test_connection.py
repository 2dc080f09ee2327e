import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.kubeflow.client.api import Cluster, Fault, serving
from tests.kubeflow.client.conftest import Kubeflow, patience

DATA = ("--param", "data_path=s3://data/wine.csv")
VERBS = ("submit", "schedule", "unschedule", "status")


def arguments(verb: str, package: Path) -> tuple[str, ...]:
    return {
        "submit": ("submit", str(package), *DATA),
        "schedule": ("schedule", str(package), *DATA, "--interval", "1h"),
        "unschedule": ("unschedule", "wine"),
        "status": ("status",),
    }[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_token_is_one_sentence(kubeflow: Kubeflow, cluster: Cluster, package: Path, verb: str):
    cluster.token = "right"
    said = kubeflow(*arguments(verb, package), "--token", "wrong")
    assert said.code == 2
    assert f"{cluster.url} must accept the token or cookies, got 401: Request header error" in said.error
    assert "Give --token-file, --token or --cookies of a session that is still valid." in said.error
    assert "wrong" not in said.error
    assert len(cluster.requests) == 1
    assert said.error.count("\n") == 1


@pytest.mark.parametrize("verb", VERBS)
def test_a_token_is_sent_with_every_request(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, verb: str, monkeypatch: pytest.MonkeyPatch
):
    cluster.token = "right"
    assert kubeflow(*arguments(verb, package), "--token", "right").code == 0
    monkeypatch.setenv("KFP_TOKEN", "right")
    assert kubeflow(*arguments(verb, package)).code == 0


def test_a_token_file_is_read_for_each_request(kubeflow: Kubeflow, cluster: Cluster, package: Path, tmp_path: Path):
    cluster.token, file = "right", tmp_path / "token"
    file.write_text("right\n")
    assert kubeflow("status", "--token-file", file).code == 0
    file.write_text("old")
    assert kubeflow("status", "--token-file", file).code == 2
    said = kubeflow("status", "--token-file", tmp_path / "none")
    assert said.code == 2
    assert f"The token file must be readable, got {tmp_path / 'none'}: No such file or directory." in said.error


def test_cookies_are_sent(kubeflow: Kubeflow, cluster: Cluster):
    cluster.cookie = "authservice_session=abc"
    assert kubeflow("status", "--cookies", "authservice_session=abc").code == 0
    assert kubeflow("status").code == 2


def test_two_ways_to_authenticate_are_refused(kubeflow: Kubeflow, cluster: Cluster):
    said = kubeflow("status", "--token", "a", "--cookies", "b")
    assert (said.code, cluster.requests) == (2, [])
    assert "The authentication must be one, got --token and --cookies." in said.error


def test_inside_a_pod_host_and_token_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from pipeline.kubeflow.client.connection import Connection

    token = tmp_path / "token"
    token.write_text("of the service account")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(token))
    inside = Connection().resolved()
    assert inside.host == "http://ml-pipeline.kubeflow.svc.cluster.local:8888"
    assert inside.bearer() == "of the service account"
    assert Connection("http://ml-pipeline.other.svc:8888/").resolved().bearer() == "of the service account"
    assert Connection("http://ml-pipeline.other.svc:8888", token="mine").resolved().bearer() == "mine"
    # It is nobody's business outside of the cluster.
    assert Connection("https://kubeflow.example").resolved().bearer() is None


def test_without_a_host_it_says_how_to_get_one(kubeflow: Kubeflow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("KFP_HOST")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "none"))
    said = kubeflow("status")
    assert said.code == 2
    assert "The host of Kubeflow Pipelines must be given, got none. Give --host or set KFP_HOST" in said.error
    said = kubeflow("status", "--host", "localhost:8888")
    assert said.code == 2
    assert 'The host must begin with http:// or https://, got "localhost:8888".' in said.error


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(
    kubeflow: Kubeflow, cluster: Cluster, package: Path, verb: str, status: int
):
    cluster.faults = [Fault(".*", status, times=2)]
    assert kubeflow(*arguments(verb, package)).code == 0


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (503, "must be in order, got 503 3 times: the database is away. Try again later"),
        ("hang", "must answer within 0.7 s, got nothing 3 times. Give a longer --timeout"),
        ("drop", "must be reachable, got Remote end closed connection without response, 3 times. Check --host"),
    ],
)
def test_it_gives_up_after_the_retries(kubeflow: Kubeflow, cluster: Cluster, how: int | str, sentence: str):
    cluster.faults = [Fault(".*", how, times=99)]
    said = kubeflow("status", *patience(how))
    assert said.code == 2
    assert f"To list the pipelines, {cluster.url} {sentence}" in said.error
    assert len(cluster.requests) == 3


def test_the_wait_doubles(kubeflow: Kubeflow, cluster: Cluster):
    cluster.faults = [Fault(".*", 503, times=3)]
    began = time.monotonic()
    assert kubeflow("status", "--retries", "3", "--backoff", "0.1").code == 0
    assert 0.7 <= time.monotonic() - began < 5  # 0.1 + 0.2 + 0.4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_asked_again(kubeflow: Kubeflow, cluster: Cluster, status: int):
    cluster.faults = [Fault(".*", status, times=99)]
    assert kubeflow("status").code == 2
    assert len(cluster.requests) == 1


@pytest.mark.parametrize("how", [302, "login"])
def test_a_login_page_is_not_taken_for_an_empty_cluster(kubeflow: Kubeflow, cluster: Cluster, how: int | str):
    cluster.faults = [Fault(".*", how, times=99)]
    said = kubeflow("status")
    assert said.code == 2
    assert ("must answer itself, got 302" if how == 302 else "must be JSON, got text/html") in said.error
    assert "token or cookies" in said.error
    assert len(cluster.requests) == 1


def test_an_address_where_nothing_listens(kubeflow: Kubeflow):
    said = kubeflow("status", "--host", "http://127.0.0.1:9", "--retries", "0")
    assert said.code == 2
    assert "http://127.0.0.1:9 must be reachable, got [Errno 111] Connection refused, once." in said.error


def test_an_address_without_the_api(kubeflow: Kubeflow, cluster: Cluster):
    said = kubeflow("status", "--host", f"{cluster.url}/pipeline")
    assert said.code == 2
    assert "must have what is asked for, got 404: no such path: GET /pipeline/apis/v2beta1/pipelines" in said.error
    assert "Check that --host ends where /apis begins" in said.error


@pytest.mark.parametrize("verb", VERBS)
def test_namespaces(kubeflow: Kubeflow, cluster: Cluster, package: Path, verb: str):
    cluster.multi_user = True
    said = kubeflow(*arguments(verb, package))
    assert said.code == 2
    assert "got 400: Namespace cannot be empty." in said.error
    said = kubeflow(*arguments(verb, package), "--namespace", "theirs")
    assert said.code == 2
    assert "must allow it to this account, got 403: User 'ann' is not" in said.error
    assert kubeflow(*arguments(verb, package), "--namespace", "team").code == 0
    made = cluster.pipelines + cluster.experiments + cluster.runs + cluster.schedules
    assert {each["namespace"] for each in made} <= {"team"}
    assert bool(made) == (verb in ("submit", "schedule"))


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that nobody has signed but itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster")])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = tmp_path / "ca.pem", tmp_path / "key.pem"
    public.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def test_certificates(kubeflow: Kubeflow, authority: tuple[Path, ssl.SSLContext]):
    file, tls = authority
    with serving(Cluster(), tls) as cluster:
        said = kubeflow("status", "--host", cluster.url)
        assert said.code == 2
        assert f"To list the pipelines, {cluster.url} must show a certificate that is trusted, got [SSL" in said.error
        assert "Give the certificate of its authority with --ca-file." in said.error
        assert cluster.requests == []
        assert kubeflow("status", "--host", cluster.url, "--ca-file", file).out.startswith("No pipelines.")
        assert kubeflow("status", "--host", cluster.url.replace("https", "http"), "--retries", "0").code == 2


def test_the_command_itself_answers(cluster: Cluster, tmp_path: Path):
    command = [str(Path(sys.executable).with_name("mtl")), "kubeflow", "status", "--host", cluster.url]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "No pipelines.\nNo schedules.\nNo runs.\n"
    assert done.stderr == ""
