"""The key of this user, by which a record is known to be their own."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from dataclasses import field
from pathlib import Path

from caveagent_magic.errors import CaveError
from caveagent_magic.frozen import frozen

SIZE = 32  # bytes
PRIVATE = 0o600


class KeyRefused(CaveError):
    """The key cannot be used, so nothing is signed and nothing is replayed."""


@frozen
class Key:
    """Signs what was approved, and marks results so that only its owner can compare them."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Tells keys apart without telling the key."""
        return self._mac(b"id", b"")[:16]

    def sign(self, text: bytes) -> str:
        """The signature of a line."""
        return self._mac(b"line", text)

    def mark(self, content: bytes) -> str:
        """The fingerprint of a value: without the key a small value could be guessed from it."""
        return self._mac(b"mark", content)[:32]

    def _mac(self, purpose: bytes, text: bytes) -> str:
        return hmac.digest(self.secret, purpose + b"\0" + text, "sha256").hex()


def default_path() -> Path:
    """CAVEAGENT_RECORD_KEY, else `record.key` among this user's data."""
    if named := os.environ.get("CAVEAGENT_RECORD_KEY"):
        return Path(named).expanduser()
    return data_folder() / "record.key"


def data_folder() -> Path:
    """`caveagent_magic` where this user's data belong."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return Path(home) / "caveagent_magic"


def key_at(path: Path) -> Key:
    """The key in this file, made when there is none; raises `KeyRefused`."""
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            _create(path)
            return _read(path)
    except OSError as error:
        raise KeyRefused(f"The key {path} of the records cannot be used: {error.strerror}.") from None


def _read(path: Path) -> Key:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            raise KeyRefused(f"The key {path} of the records is not a file of yours. Remove it.")
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise KeyRefused(
                f"The key {path} of the records can be read by others, so it proves nothing. "
                f"Remove it, and a new one is made; what it has signed is then asked anew."
            )
        secret = os.read(descriptor, SIZE + 1)
    finally:
        os.close(descriptor)
    if len(secret) != SIZE:
        raise KeyRefused(f"The key {path} of the records is damaged: it must have {SIZE} bytes. Remove it.")
    return Key(secret)


def _create(path: Path) -> None:
    """Under another name first, so that no other process ever reads half a key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    begun = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        os.write(descriptor, secrets.token_bytes(SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(begun, path)
    except FileExistsError:
        pass  # another kernel was faster: its key counts
    finally:
        begun.unlink()
