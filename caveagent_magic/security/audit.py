"""What an audit event (PEP 578) amounts to: a capability and its target, or ordinary library work."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caveagent_magic.events import Capability
from caveagent_magic.security.known import COMPUTING, top
from caveagent_magic.security.vocabulary import names
from caveagent_magic.security.where import Where, below, own_caller, plain, whole

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
QUIET_PROGRAMS = frozenset(
    ["fc-list", "fc-match", "ldconfig", "uname", "lscpu"]
)  # asked by libraries about the machine
DOING = names("operator functools timeit dask torch numba joblib")  # computing, but callable from a pickle
VERBS = ("eval", "exec", "load", "open", "save", ".")
HARMLESS_BUILTINS = names("set frozenset slice complex bytearray range object list dict tuple")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that running code is about to do."""

    capability: Capability
    target: str
    words: str  # "would …"


Read = Callable[[tuple[Any, ...], Where], Attempt | None]


def attempt(event: str, args: tuple[Any, ...], where: Where) -> Attempt | None:
    """What the event amounts to; None: ordinary work."""
    reader = READERS.get(event)
    if reader is None:
        return None
    if event in DIRECTLY and not own_caller(directly=True):
        return None
    return reader(args, where)


def _shown(path: str, where: Where) -> str:
    return os.path.relpath(path, where.root) if below(path, (where.root,)) else path


def _open(args: tuple[Any, ...], where: Where) -> Attempt | None:
    mode, flags = args[1], args[2]
    if mode in ("r", "rb") and where.remembers(args[0]):
        return None
    path = whole(args[0])
    if path is None:
        return None
    writes = (
        any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags and flags & WRITING)
    )
    if writes:
        return None if where.ordinary_write(path) else _write(path, where)
    if where.ordinary_read(path):
        where.remember(args[0])
        return None
    return None if _source(path) or _importing() else _read(path, where)


def _source(path: str) -> bool:
    """Whether it is a module's source, which tracebacks show; they are printed from C."""
    return path.endswith(".py") and os.path.dirname(path) in {os.path.realpath(folder) for folder in sys.path}


def _importing() -> bool:
    """Whether Python is looking for a module, wherever that lies."""
    frame: types.FrameType | None = sys._getframe(1)
    for _ in range(8):
        if frame is None:
            return False
        if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code.co_filename.endswith(
            ("linecache.py", "tokenize.py")
        ):
            return not own_caller(directly=True)
        frame = frame.f_back
    return False


def _read(path: str, where: Where) -> Attempt:
    return Attempt("read_file", _shown(path, where), f"read {_shown(path, where)!r}")


def _write(path: str, where: Where) -> Attempt:
    return Attempt("write_file", _shown(path, where), f"write {_shown(path, where)!r}")


def _list(args: tuple[Any, ...], where: Where) -> Attempt | None:
    path = whole(args[0] if args and args[0] is not None else ".")
    return None if path is None or where.ordinary_read(path) or not own_caller() else _read(path, where)


def _changes(args: tuple[Any, ...], where: Where) -> Attempt | None:
    for given in args[:2]:
        path = whole(given)
        if path is not None and not where.ordinary_write(path):
            return _write(path, where)
    return None


def _deletes(args: tuple[Any, ...], where: Where) -> Attempt | None:
    path = whole(args[0])
    if path is None or where.ordinary_write(path):
        return None
    return Attempt("delete_file", _shown(path, where), f"delete {_shown(path, where)!r}")


def _process(args: tuple[Any, ...], where: Where) -> Attempt | None:
    program = os.path.basename(plain(args[0])) if args else ""
    if program in QUIET_PROGRAMS and not own_caller():
        return None
    words = " ".join(_several(args[1]) if len(args) > 1 else map(plain, args))[:200]
    return Attempt("process", words or "fork", f"start {words!r}" if words else "fork the process")


def _several(value: object) -> list[str]:
    """The parts of a command or an address."""
    if isinstance(value, list):
        return [plain(part) for part in list.__iter__(value)]
    return [plain(part) for part in tuple.__iter__(value)] if isinstance(value, tuple) else [plain(value)]


def _signal(args: tuple[Any, ...], where: Where) -> Attempt:
    return Attempt("process", f"process {plain(args[0])}", f"signal the process {plain(args[0])}")


def _network(args: tuple[Any, ...], where: Where) -> Attempt:
    address = next((arg for arg in args if isinstance(arg, (tuple, str, bytes))), "")
    shown = ":".join(_several(address)[:2])
    return Attempt("network", shown, f"talk to {shown!r}")


def _sqlite(args: tuple[Any, ...], where: Where) -> Attempt | None:
    name = plain(args[0])
    if name in (":memory:", "") or (name.startswith("file:") and "mode=memory" in name):
        return None
    path = whole(name) or name
    return None if where.ordinary_write(path) else _write(path, where)


def _pickle(args: tuple[Any, ...], where: Where) -> Attempt | None:
    module, name = plain(args[0]), plain(args[1])
    data = (module == "copyreg" or top(module) in COMPUTING - DOING) and not any(
        part in name for part in VERBS
    )
    if data or (module == "builtins" and name in HARMLESS_BUILTINS):
        return None
    return Attempt("deserialization", f"{module}.{name}", f"load {module}.{name} from a pickle")


def _says(capability: Capability, words: str, position: int | None = None) -> Read:
    def read(args: tuple[Any, ...], where: Where) -> Attempt:
        target = args[position] if position is not None and len(args) > position else None
        return Attempt(capability, plain(target) if isinstance(target, (str, bytes)) else words, words)

    return read


def _indirectly(read: Read) -> Read:
    """For what libraries may do and the step's own code may not."""
    return lambda args, where: read(args, where) if own_caller() else None


_DIRECT_READERS: Mapping[Read, str] = {
    _says("dynamic_code", "run code that was not looked at"): """
        compile exec code.__new__ function.__new__
    """,
    _says("deserialization", "load compiled code"): """
        marshal.loads marshal.load
    """,
    _says("introspection", "look into the interpreter", 1): """
        sys._getframe object.__getattr__ object.__setattr__ gc.get_objects gc.get_referrers gc.get_referents
        sys._current_frames
    """,
    _says("kernel", "change or stop the kernel"): """
        sys.settrace sys.setprofile sys.addaudithook builtins.breakpoint builtins.input
    """,
}
"""Libraries do these all day: they count only where the code of the step itself does them."""
_READERS: Mapping[Read, str] = {
    _open: "open",
    _list: "os.listdir os.scandir",
    _changes: "os.mkdir os.rename os.link os.symlink os.truncate os.chmod os.chown os.utime os.setxattr",
    _deletes: "os.remove os.rmdir shutil.rmtree",
    _process: """
        os.system subprocess.Popen os.exec os.posix_spawn os.spawn os.fork os.forkpty os.startfile pty.spawn
        webbrowser.open
    """,
    _signal: "os.kill os.killpg signal.pthread_kill",
    _network: """
        socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname
        socket.gethostbyaddr urllib.Request http.client.connect ftplib.connect smtplib.connect imaplib.open
        poplib.connect nntplib.connect telnetlib.Telnet.open
    """,
    _sqlite: "sqlite3.connect",
    _pickle: "pickle.find_class",
    _indirectly(_says("kernel", "change the limits of the kernel")): "resource.setrlimit",
    _indirectly(_says("kernel", "change the working directory", 0)): "os.chdir",
    _indirectly(_says("secrets", "change the environment", 0)): "os.putenv os.unsetenv",
    _indirectly(_says("native", "call machine code or touch raw memory", 0)): """
        ctypes.dlopen ctypes.dlsym ctypes.dlsym/handle ctypes.string_at ctypes.call_function ctypes.addressof
        ctypes.cdata ctypes.cdata/buffer mmap.__new__
    """,
    **_DIRECT_READERS,
}
DIRECTLY = names(" ".join(_DIRECT_READERS.values()))
READERS: Mapping[str, Read] = {event: read for read, events in _READERS.items() for event in names(events)}
