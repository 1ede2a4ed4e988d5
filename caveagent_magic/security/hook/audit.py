"""What an audit event (PEP 578) amounts to: a capability and its target, or ordinary library work."""

from __future__ import annotations

import importlib.machinery
import os
import sysconfig
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, NamedTuple

from caveagent_magic.events import Capability
from caveagent_magic.security.hook.stack import HERE, caller, handed_out, outward, own_caller
from caveagent_magic.security.hook.where import Where, below, is_folder, of_descriptor, plain
from caveagent_magic.security.known import COMPUTING, top
from caveagent_magic.security.vocabulary import names

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = frozenset("wax+")  # letters of a mode
MODULES = (*importlib.machinery.all_suffixes(), ".pyi", ".zip", ".egg")
QUIET_PROGRAMS = frozenset(
    ["fc-list", "fc-match", "ldconfig", "uname", "lscpu"]
)  # asked by libraries about the machine
DOING = names("operator functools timeit dask torch numba joblib")  # computing, but callable from a pickle
VERBS = ("eval", "exec", "load", "open", "save", ".")
HARMLESS_BUILTINS = names("set frozenset slice complex bytearray range object list dict tuple")
ROUND_TRIPS = tuple(
    os.path.join(sysconfig.get_path(kind), "dask", "tokenize.py") for kind in ("purelib", "platlib")
)
"""Code that loads what it has dumped itself, to see whether it comes out the same."""
PORTS = {"http": "80", "https": "443", "ftp": "21"}


class Attempt(NamedTuple):
    """Something that running code is about to do."""

    capability: Capability
    target: str  # as the person reads it
    words: str  # "would …"
    scope: str  # as a policy compares it: a real path, `host:port`, a program; or the target


Read = Callable[[tuple[Any, ...], Where], Attempt | None]


def attempt(event: str, args: tuple[Any, ...], where: Where) -> Attempt | None:
    """What the event amounts to; None: ordinary work."""
    reader = READERS.get(event)
    return None if reader is None else reader(args, where)


def _on_file(capability: Capability, verb: str, path: str, where: Where) -> Attempt:
    inside = below(path, (where.root,)) and path != where.root
    shown = path[len(where.root) :].lstrip("/") if inside else path
    return Attempt(capability, shown, f"{verb} {shown!r}", path)


def _text(path: object) -> str | None:
    """A path as text; None: it is none, because it is a descriptor or an object of some class."""
    return plain(path) if issubclass(type(path), (str, bytes)) else None


def _open(args: tuple[Any, ...], where: Where) -> Attempt | None:
    given, mode, flags = args
    writes = not CHANGING.isdisjoint(mode) if type(mode) is str else bool(flags and flags & WRITING)
    name = _text(given)
    if name is None:
        if issubclass(type(given), int):
            return None  # it was judged when it was opened
        return _write(type(given).__name__, where) if writes else _read(type(given).__name__, where)
    for base in ("", *where.bases) if mode is None and not name.startswith("/") else ("",):
        path = where.real(name, base)
        found = _opened(path, writes, where)
        if found is not None:
            return found
    if mode is None and not writes:
        return _descriptor(path, where)
    if type(given) is str and mode is not None and where.always(path, writes):
        where.remember(given, writes)
    return None


def _opened(path: str, writes: bool, where: Where) -> Attempt | None:
    if writes:
        return None if where.ordinary_write(path) else _write(path, where)
    if where.ordinary_read(path) or where.source(path) or _importing(path):
        return None
    return _read(path, where)


def _descriptor(path: str, where: Where) -> Attempt | None:
    """A folder's descriptor gives access to all below it, by paths that events show without their start."""
    if not is_folder(path) or where.disposable(path):
        return None
    if path == "/" and own_caller():
        return _read(path, where)
    where.bases[path] = None
    return None


def _importing(path: str) -> bool:
    """Whether Python is looking for a module, wherever that lies."""
    if not path.endswith(MODULES) or own_caller(directly=True):
        return False
    machinery = ("<frozen importlib", "<frozen zipimport")
    for depth, frame in enumerate(outward(caller())):
        file = frame.f_code.co_filename
        if file.startswith(machinery) or file.endswith(("linecache.py", "tokenize.py")):
            return True
        if depth == 8:
            break
    return False


def _read(path: str, where: Where) -> Attempt:
    return _on_file("read_file", "read", path, where)


def _write(path: str, where: Where) -> Attempt:
    return _on_file("write_file", "write", path, where)


def _list(args: tuple[Any, ...], where: Where) -> Attempt | None:
    name = "." if not args or args[0] is None else _text(args[0])
    if name is None:
        return None
    path = where.real(name)
    ordinary = where.ordinary_read(path) or where.searched(path) or not own_caller()
    return None if ordinary else _read(path, where)


def _meant(given: object, descriptor: object, where: Where) -> str:
    """The real path of something that is to be changed; what cannot be known lies nowhere ordinary."""
    if issubclass(type(given), int):
        return of_descriptor(given) or f"descriptor {plain(given)}"
    name = _text(given)
    if name is None:
        return type(given).__name__
    if type(descriptor) is int and descriptor >= 0 and not name.startswith("/"):
        base = of_descriptor(descriptor)
        return f"descriptor {descriptor}/{name}" if base is None else where.real(name, base)
    return where.real(name)


def _changing(*places: tuple[int, int]) -> Read:
    """For what changes paths: the places of a path and of the descriptor that it starts from."""

    def read(args: tuple[Any, ...], where: Where) -> Attempt | None:
        for path_at, descriptor_at in places:
            descriptor = args[descriptor_at] if 0 <= descriptor_at < len(args) else -1
            path = _meant(args[path_at], descriptor, where)
            if not where.ordinary_write(path):
                return _write(path, where)
        return None

    return read


def _links(args: tuple[Any, ...], where: Where) -> Attempt | None:
    """What a link leads to can be written through it."""
    path = _meant(args[1], args[2] if len(args) > 2 else -1, where)
    target = where.real(_text(args[0]) or type(args[0]).__name__, path.rpartition("/")[0])
    for each in (path, target):
        if not where.ordinary_write(each):
            return _write(each, where)
    return None


def _deletes(args: tuple[Any, ...], where: Where) -> Attempt | None:
    path = _meant(args[0], args[1] if len(args) > 1 else -1, where)
    return None if where.ordinary_write(path) else _on_file("delete_file", "delete", path, where)


def _process(args: tuple[Any, ...], where: Where) -> Attempt | None:
    program = plain(args[0]) if args else ""
    if program.rpartition("/")[2] in QUIET_PROGRAMS and not own_caller():
        return None
    words = " ".join(_several(args[1]) if len(args) > 1 else map(plain, args))[:200]
    started = f"start {words!r}" if words else "fork the process"
    return Attempt("process", words or "fork", started, program or "fork")


def _several(value: Any) -> list[str]:
    """The parts of a command or an address."""
    if issubclass(type(value), list):
        return [plain(part) for part in list.__iter__(value)]
    return (
        [plain(part) for part in tuple.__iter__(value)] if issubclass(type(value), tuple) else [plain(value)]
    )


def _signal(args: tuple[Any, ...], where: Where) -> Attempt:
    process = plain(args[0])
    return Attempt("process", f"process {process}", f"signal the process {process}", process)


def _network(args: tuple[Any, ...], where: Where) -> Attempt:
    """A host and its port, as an address or as arguments of their own."""
    given = [arg for arg in args if issubclass(type(arg), (tuple, str, bytes))]
    parts = _several(given[0]) if given else [""]
    if given and type(given[0]) is not tuple:
        rest = args[[id(arg) for arg in args].index(id(given[0])) + 1 :]
        parts += [plain(port) for port in rest[:1] if issubclass(type(port), (int, str))]
    return _host(parts)


def _host(parts: list[str]) -> Attempt:
    shown = ":".join(parts[:2])
    return Attempt("network", shown, f"talk to {shown!r}", shown)


def _address(args: tuple[Any, ...], where: Where) -> Attempt:
    """The host of an address such as `https://example.org/path`."""
    url = plain(args[0])
    scheme, _, rest = url.partition("://")
    if scheme == "file" or not rest:
        return Attempt("network", url, f"talk to {url!r}", url)
    host = rest.split("/")[0].split("?")[0].split("#")[0].rpartition("@")[2]
    return _host([host] if ":" in host or scheme not in PORTS else [host, PORTS[scheme]])


def _sqlite(args: tuple[Any, ...], where: Where) -> Attempt | None:
    name = plain(args[0])
    if name in (":memory:", "") or (name.startswith("file:") and "mode=memory" in name):
        return None
    path = where.real(name)
    return None if where.ordinary_write(path) else _write(path, where)


def _pickle(args: tuple[Any, ...], where: Where) -> Attempt | None:
    module, name = plain(args[0]), plain(args[1])
    data = (module == "copyreg" or top(module) in COMPUTING - DOING) and not any(
        part in name for part in VERBS
    )
    if data or (module == "builtins" and name in HARMLESS_BUILTINS):
        return None
    if caller().f_code.co_filename in ROUND_TRIPS:
        return None
    loaded = f"{module}.{name}"
    return Attempt("deserialization", loaded, f"load {loaded} from a pickle", loaded)


def _import(args: tuple[Any, ...], where: Where) -> Attempt | None:
    """The guard is out of sight while it watches, so that importing it is an event.

    In another interpreter no hook of this one hears anything; since Python 3.13 none hears of its making.
    """
    module = plain(args[0])
    if not module.startswith(("caveagent_magic.security.guard", "_interpreters", "_xxsubinterpreters")):
        return None
    return Attempt("kernel", module, f"import {module}", module)


def _exec(args: tuple[Any, ...], where: Where) -> Attempt | None:
    """`importlib` raises no event for an import, but runs the module's code."""
    if type(args[0]) is CodeType and args[0].co_filename == f"{HERE}guard.py":
        return _import(("caveagent_magic.security.guard",), where)
    return _run(args, where) if own_caller(directly=True) else None


def _says(capability: Capability, words: str, position: int | None = None) -> Read:
    def read(args: tuple[Any, ...], where: Where) -> Attempt:
        given = args[position] if position is not None and len(args) > position else None
        target = _text(given) or words
        return Attempt(capability, target, words, target)

    return read


def _if(condition: Callable[[], bool], read: Read) -> Read:
    return lambda args, where: read(args, where) if condition() else None


def _directly(read: Read) -> Read:
    """For what libraries do all day: it counts only where the code of the step itself does it."""
    return _if(lambda: own_caller(directly=True), read)


def _indirectly(read: Read) -> Read:
    """For what libraries may do, and the step's own code may not, not even through the standard library."""
    return _if(own_caller, read)


_run = _says("dynamic_code", "run code that was not looked at")
_READERS: Mapping[Read, str] = {
    _open: "open",
    _list: "os.listdir os.scandir",
    _changing((0, 2)): "os.mkdir os.chmod os.chflags",
    _changing((0, 3)): "os.chown os.utime",
    _changing((0, -1)): "os.truncate os.setxattr os.removexattr os.lockf",
    _changing((0, 2), (1, 3)): "os.rename os.link",
    _links: "os.symlink",
    _deletes: "os.remove os.rmdir shutil.rmtree",
    _process: """
        os.system subprocess.Popen os.exec os.posix_spawn os.spawn os.fork os.forkpty os.startfile pty.spawn
        webbrowser.open _winapi.CreateProcess
    """,
    _signal: "os.kill os.killpg signal.pthread_kill",
    _network: """
        socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname
        socket.gethostbyaddr socket.getnameinfo http.client.connect ftplib.connect smtplib.connect
        imaplib.open poplib.connect nntplib.connect telnetlib.Telnet.open
    """,
    _address: "urllib.Request",
    _sqlite: "sqlite3.connect",
    _pickle: "pickle.find_class",
    _import: "import",
    _exec: "exec",
    _directly(_run): """
        compile code.__new__ function.__new__ cpython.run_command cpython.run_file cpython.run_module
    """,
    _directly(_says("deserialization", "load compiled code")): "marshal.loads marshal.load",
    _if(handed_out, _says("introspection", "look into the interpreter", 1)): """
        sys._getframe object.__getattr__ object.__setattr__ object.__delattr__ sys._current_frames
        sys._current_exceptions sys._getframemodulename
    """,
    _indirectly(_says("introspection", "look into the interpreter")): """
        gc.get_objects gc.get_referrers gc.get_referents
    """,
    _directly(_says("kernel", "change or stop the kernel")): """
        sys.settrace sys.setprofile builtins.breakpoint builtins.input sys.set_asyncgen_hooks_firstiter
        sys.set_asyncgen_hooks_finalizer sys.monitoring.register_callback
    """,
    _says("kernel", "listen to the guard's events"): "sys.addaudithook",
    _says("kernel", "start another interpreter"): "cpython.PyInterpreterState_New",
    _indirectly(_says("kernel", "change the limits of the kernel")): "resource.setrlimit resource.prlimit",
    _indirectly(_says("kernel", "change the working directory", 0)): "os.chdir",
    _indirectly(_says("kernel", "control a device", 1)): "fcntl.ioctl",
    _indirectly(_says("secrets", "change the environment", 0)): "os.putenv os.unsetenv",
    _indirectly(_says("native", "call machine code or touch raw memory", 0)): """
        ctypes.dlopen ctypes.dlsym ctypes.dlsym/handle ctypes.string_at ctypes.wstring_at ctypes.call_function
        ctypes.addressof ctypes.cdata ctypes.cdata/buffer ctypes.PyObj_FromPtr mmap.__new__
        sqlite3.load_extension sqlite3.enable_load_extension
    """,
}
READERS: Mapping[str, Read] = {event: read for read, events in _READERS.items() for event in names(events)}
