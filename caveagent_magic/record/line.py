"""One line of a record: signed as the bytes that it is, and verified before any of it is parsed."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from caveagent_magic.record.key import Key

LONGEST = 4 << 20  # bytes
_LINE = re.compile(rb'\{"key":"([0-9a-f]{16})","mac":"([0-9a-f]{64})","record":(\{.*\})\}')


class Forged(Exception):
    """A line that is not what this user's key has signed; the message says in which way."""


def seal(key: Key, record: Mapping[str, Any]) -> bytes:
    """The record as a signed line of JSON, without its line end."""
    body = json.dumps(record, separators=(",", ":"), sort_keys=True).encode()
    return b'{"key":"%s","mac":"%s","record":%s}' % (key.id.encode(), key.sign(body).encode(), body)


def signature_of(line: bytes) -> str:
    """The signature of a line that was sealed here; raises `Forged` where it is too long to be read again."""
    return _parts(line)[2].decode()


def unseal(key: Key, line: bytes) -> tuple[str, dict[str, Any]]:
    """The signature and the record of a line; raises `Forged`."""
    parts = _parts(line)
    owner, signature, body = parts[1].decode(), parts[2].decode(), parts[3]
    if owner != key.id:
        raise Forged("is signed by another key")
    if not hmac.compare_digest(signature, key.sign(body)):
        raise Forged("was changed after it was signed")
    record: dict[str, Any] = json.loads(body)
    return signature, record


def _parts(line: bytes) -> re.Match[bytes]:
    if len(line) > LONGEST:
        raise Forged("is too long to be one of ours")
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise Forged("is damaged or incomplete")
    return parts
