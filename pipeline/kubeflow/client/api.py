"""The API of Kubeflow Pipelines: requests that are sent again where that may help, and never done twice.

It stands on the generated client `kfp_server_api` rather than on `kfp.Client`, which cannot express a schedule that
follows the latest version, retries nothing, and takes two seconds to import.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import kfp_server_api
from kfp_server_api.exceptions import ApiException
from urllib3.exceptions import HTTPError

from pipeline.errors import ClusterError
from pipeline.kubeflow.client.connection import Connection
from pipeline.kubeflow.client.failures import explain, may_pass

_LONGEST_WAIT = 30.0
_PAGE = 100


class _Api(kfp_server_api.ApiClient):
    """The generated client, but for its failing on a failure without a body, as one of TLS is."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().request(*arguments, **options)
        except ApiException as error:
            error.body = (error.body or b"").decode(errors="replace").encode()
            raise


class Client:
    """Sends requests, again where that may help, and turns every failure into a `ClusterError`.

    Args:
        connection: a resolved connection.
    """

    def __init__(self, connection: Connection):
        configuration = kfp_server_api.Configuration(host=connection.host)
        # Retrying is done here; and a redirect is no answer of the API, it leads to a login page.
        configuration.retries = False
        if connection.ca_file:
            configuration.ssl_ca_cert = str(connection.ca_file)
        if connection.token or connection.token_file:
            configuration.api_key = {"authorization": connection.bearer()}
            configuration.api_key_prefix = {"authorization": "Bearer"}
            configuration.refresh_api_key_hook = lambda current: current.api_key.update(
                authorization=connection.bearer()
            )
        self._api = _Api(configuration, cookie=connection.cookies)
        self._connection = connection
        self.namespace = connection.namespace
        self.experiments = kfp_server_api.ExperimentServiceApi(self._api)
        self.pipelines = kfp_server_api.PipelineServiceApi(self._api)
        self.recurring_runs = kfp_server_api.RecurringRunServiceApi(self._api)
        self.runs = kfp_server_api.RunServiceApi(self._api)
        self.uploads = kfp_server_api.PipelineUploadServiceApi(self._api)

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()
        self._api.rest_client.pool_manager.clear()

    def call(self, what: str, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Sends a request that may safely be sent twice.

        Args:
            what: what it does, as in "list the runs", for the sentence of an error.
            method: a method of the generated client.
            *arguments: passed to it.
            **options: passed to it; those that are None are left out.

        Returns:
            The generated model of the answer.

        Raises:
            ClusterError: the server refuses, or cannot be reached.
        """
        return self._send(what, lambda: self._once(method, *arguments, **options), lambda: None)

    def create(
        self, what: str, find: Callable[[], Any], method: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        """Sends a request that must not be done twice.

        After a failure that leaves open whether the server has done it, and after a conflict, what it makes is
        looked for before anything is sent again.

        Args:
            what: what it does, for the sentence of an error.
            find: returns the object if it is there, else None.
            method: a method of the generated client.
            *arguments: passed to it.
            **options: passed to it; those that are None are left out.

        Returns:
            The object, whoever made it.
        """
        try:
            return self._send(what, lambda: self._once(method, *arguments, **options), find)
        except ClusterError as error:
            if error.status == 409 and (found := find()) is not None:
                return found
            raise

    def call_unless_gone(self, what: str, method: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Sends a request about an object that another caller, or a first try, may have deleted; that is no failure."""
        try:
            self.call(what, method, *arguments, **options)
        except ClusterError as error:
            if error.status != 404:
                raise

    def pages(
        self, what: str, method: Callable[..., Any], items: str, *arguments: Any, **options: Any
    ) -> Iterator[Any]:
        """Yields the objects of all pages of a list.

        Args:
            what: what it lists, for the sentence of an error.
            method: a `list_...` method of the generated client.
            items: the attribute of its answer that holds the objects.
            *arguments: passed to it.
            **options: passed to it; those that are None are left out.
        """
        token = None
        while True:
            page = self.call(what, method, *arguments, page_size=_PAGE, page_token=token, **options)
            yield from getattr(page, items) or []
            token = page.next_page_token
            if not token:
                return

    def _once(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        given = {name: value for name, value in options.items() if value is not None}
        timeout = (self._connection.timeout, self._connection.timeout)
        answer = method(*arguments, **given, _request_timeout=timeout)
        content = self._api.last_response.getheader("content-type") or ""
        if "json" not in content:
            # The generated client makes an empty object of a login page, as if nothing were on the server.
            raise ClusterError(
                f"The answer of {self._connection.host} must be JSON, got {content or 'no content type'}. "
                "Check --host, and the token or cookies: a login page answers like this."
            )
        return answer

    def _send(self, what: str, once: Callable[[], Any], find: Callable[[], Any]) -> Any:
        for tries in range(1, self._connection.retries + 2):
            try:
                return once()
            except (ApiException, HTTPError) as error:
                explained = explain(error, what, self._connection, tries)
                if not may_pass(explained):
                    raise explained from error
                if (found := find()) is not None:
                    return found
                if tries > self._connection.retries:
                    raise explained from error
            time.sleep(min(self._connection.backoff * 2 ** (tries - 1), _LONGEST_WAIT))


@contextmanager
def connected(connection: Connection) -> Iterator[Client]:
    """Opens a client and closes it."""
    client = Client(connection.resolved())
    try:
        yield client
    finally:
        client.close()


def named(name: str) -> str:
    """Returns the filter of a list for the objects of one display name."""
    return json.dumps({"predicates": [{"operation": "EQUALS", "key": "display_name", "string_value": name}]})
