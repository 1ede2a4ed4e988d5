"""What went wrong between us and a server, as one sentence that says what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping

from caveagent_magic.errors import ModelError, NoModel

SAID_CHARS = 300
AGAIN = "Run the cell again."
LATER = "Wait a little, then run the cell again."
TOO_LONG = (
    "The conversation is too long for {name}. "
    "Start anew with `%cave reset`, or send less with `--only`{said}."
)
BY_STATUS: Mapping[int, str] = {
    400: "{host} refused the request{said}.",
    401: "{host} refused the API key. Set ANTHROPIC_API_KEY to a valid one, then run the cell again.",
    402: "{host} wants the account's billing settled first{said}.",
    403: "{host} does not let this key use {name}. Choose another with `%cave model NAME`{said}.",
    404: "{host} knows no model {name!r}. Choose another with `%cave model NAME`{said}.",
    413: TOO_LONG,
    429: f"{{host}} limits the number of requests and still does after several tries. {LATER}",
    529: f"{{host}} is overloaded and still is after several tries. {LATER}",
}
# An error can also arrive inside a stream, whose status is 200.
STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def refused(status: int, body: object, *, name: str, host: str) -> ModelError:
    """The error for an answer with this status and body."""
    kind, said = _error(body)
    status = STATUS_OF_TYPE.get(kind, 500) if status < 400 else status
    if status == 400 and re.search(r"too long|too large|context|exceed", f"{kind} {said}"):
        status = 413
    text = BY_STATUS.get(status, f"{{host}} had an error of its own ({status}). {LATER}")
    said = f": {said.rstrip('.')}" if said else ""
    return (NoModel if status == 404 else ModelError)(text.format(name=name, host=host, said=said))


def passing(body: object) -> bool:
    """Whether an error inside a stream is worth another try."""
    return STATUS_OF_TYPE.get(_error(body)[0], 500) in {429, 500, 504, 529}


def unreachable(error: BaseException, *, host: str) -> ModelError:
    """The error for a request that got no answer at all."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return ModelError(f"The name {host} was not found. Check the network, or ANTHROPIC_BASE_URL.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ModelError(f"{host} has a certificate that is not trusted here. SSL_CERT_FILE can name yours.")
    if any("Timeout" in type(cause).__name__ for cause in causes):
        return ModelError(f"{host} did not answer in time. {LATER}")
    return ModelError(f"No connection to {host}. Check the network, or ANTHROPIC_BASE_URL. {AGAIN}")


def _error(body: object) -> tuple[str, str]:
    """Type and message of the server's own words; both empty where there are none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return "", ""
    said = " ".join(str(error.get("message") or "").split())
    return str(error.get("type") or ""), said[:SAID_CHARS]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
