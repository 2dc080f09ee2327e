"""How to reach Kubeflow Pipelines: where it is, and as whom to ask.

Outside a cluster a host must be given, and a token, a token file or cookies where the host wants them. Inside a pod the
service has a name, and the service account a token.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import InputError

IN_CLUSTER_HOST = "http://ml-pipeline.kubeflow.svc.cluster.local:8888"
IN_CLUSTER_TOKEN = Path("/var/run/secrets/kubeflow/pipelines/token")


@dataclass(frozen=True)
class Connection:
    """How to reach Kubeflow Pipelines.

    Args:
        host: address up to where `/apis` begins; None inside a cluster, where the service's own name is taken.
        namespace: the user's namespace where Kubeflow Pipelines is multi-user, else None.
        token: bearer token.
        token_file: file with the bearer token, read again for each request because clusters rotate it.
        cookies: the `Cookie` header of a browser session.
        ca_file: certificates to trust besides the usual ones.
        timeout: seconds to wait for a connection, and again for an answer.
        retries: how often a request is sent again after a failure that may pass.
        backoff: seconds before the first retry; each further wait is twice as long.
    """

    host: str | None = None
    namespace: str | None = None
    token: str | None = None
    token_file: Path | None = None
    cookies: str | None = None
    ca_file: Path | None = None
    timeout: float = 60.0
    retries: int = 4
    backoff: float = 0.5

    def __post_init__(self) -> None:
        given = [name for name in ("token", "token_file", "cookies") if getattr(self, name)]
        if len(given) > 1:
            options = " and ".join(f"--{name.replace('_', '-')}" for name in given)
            raise InputError(f"The authentication must be one, got {options}. Give one of them, or unset its variable.")
        if self.host and urlsplit(self.host).scheme not in ("http", "https"):
            raise InputError(
                f'The host must begin with http:// or https://, got "{self.host}". '
                "Give it as in --host http://localhost:8888."
            )

    def resolved(self) -> Connection:
        """Returns the connection with the defaults of a pod filled in, which only a pod has.

        The service account's token is sent to services of the cluster alone.

        Raises:
            InputError: there is no host, and this is no pod.
        """
        pod_token = Path(os.environ.get("KF_PIPELINES_SA_TOKEN_PATH", IN_CLUSTER_TOKEN))
        host = self.host or (IN_CLUSTER_HOST if pod_token.exists() else None)
        if host is None:
            raise InputError(
                "The host of Kubeflow Pipelines must be given, got none. Give --host or set KFP_HOST, e.g. to "
                "http://localhost:8888 after `kubectl port-forward -n kubeflow svc/ml-pipeline 8888:8888`."
            )
        anonymous = not (self.token or self.token_file or self.cookies)
        inside = (urlsplit(host).hostname or "").endswith((".svc", ".svc.cluster.local"))
        token_file = pod_token if anonymous and inside and pod_token.exists() else self.token_file
        return replace(self, host=host.rstrip("/"), token_file=token_file)

    def bearer(self) -> str | None:
        """Returns the token to send now."""
        if self.token_file is None:
            return self.token
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InputError(
                f"The token file must be readable, got {self.token_file}: {error.strerror}. Give another --token-file."
            ) from error
