"""Tries to get out of a rehearsal in every way known here, and prints what arrived; run by `test_breakout`.

Usage: breakout.py USER TIER, where USER is `me`, `nobody` or `refused`: me, who may not `unshare`.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import encodings.idna  # noqa: F401  # another user cannot read this Python's files any more
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import sqlite3
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy.random  # noqa: F401
import pyarrow as pa
import pyarrow.csv

from caveagent_magic.rehearsal import linux, sandbox, seccomp
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.rehearsal.syscalls import numbers_of

C = ctypes.CDLL(None, use_errno=True)
BUFFER = ctypes.create_string_buffer(b"kept")
USER, TIER = sys.argv[1:]
NOBODY = 65534
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
# load the number; unshare: EPERM, all else: allowed
NO_UNSHARE = (
    (0x20, 0, 0, 0),
    (0x15, 0, 1, numbers_of(os.uname().machine)["unshare"]),
    (6, 0, 0, 0x50001),
    (6, 0, 0, 0x7FFF0000),
)
SURVIVOR = f"caves{os.getpid()}"
ATTEMPTS = {}
SAYING = []  # in the rehearsal: what takes its outputs


def attempt(kind):
    """Register a function that is called in the rehearsal; it yields once outside, before, to look after."""

    def register(function):
        ATTEMPTS[f"{kind}: {function.__name__}"] = function
        return function

    return register


def folder():
    return Path(tempfile.mkdtemp(dir=HOME))


def seen(path):
    """All that can be known of a folder."""
    found = {}
    for each in sorted(path.rglob("*")):
        status = each.lstat()
        content = each.read_bytes() if each.is_file() and not each.is_symlink() else b""
        xattrs = os.listxattr(each, follow_symlinks=False)
        found[str(each)] = (
            status.st_mode,
            status.st_mtime_ns,
            status.st_uid,
            status.st_nlink,
            content,
            xattrs,
        )
    return found


def on_files(kind, action):
    """An attempt that should leave a folder as it was."""

    def both():
        path = folder()
        file = path / "data.txt"
        file.write_text("kept")
        (path / "other.txt").write_text("other")
        before = seen(path)
        yield lambda: action(path, file)
        yield seen(path) != before

    both.__name__ = action.__name__
    attempt(kind)(both)
    return action


def writes(action):
    return on_files("files", action)


def metadata(action):
    return on_files("metadata", action)


@writes
def open_to_write(path, file):
    (path / "new.txt").write_text("x")


@writes
def append(path, file):
    with open(file, "a") as opened:
        opened.write("x")


@writes
def raw_openat(path, file):
    C.syscall(257 if os.uname().machine == "x86_64" else 56, -100, os.fsencode(path / "raw"), 0o101, 0o644)


@writes
def with_arrow(path, file):
    pa.csv.write_csv(pa.table({"a": [1]}), str(path / "table.csv"))


@writes
def with_sqlite(path, file):
    connection = sqlite3.connect(":memory:")
    connection.execute(f"attach '{path / 'base.db'}' as b")
    connection.execute("create table b.t (a)")
    connection.commit()


@writes
def in_the_libc(path, file):
    C.fopen.restype = ctypes.c_void_p
    C.fopen(os.fsencode(path / "c"), b"w")


@writes
def mkdir(path, file):
    os.mkdir(path / "d")


@writes
def symlink(path, file):
    os.symlink("/etc", path / "s")


@writes
def hard_link(path, file):
    os.link(file, path / "l")


@writes
def rename_over(path, file):
    os.rename(file, path / "other.txt")


@writes
def delete(path, file):
    os.remove(file)


@writes
def truncate(path, file):
    os.truncate(file, 0)


@writes
def empty_by_opening_to_read(path, file):
    os.open(file, os.O_RDONLY | os.O_TRUNC)


@writes
def shared_mapping(path, file):
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        mapped[0:4] = b"gone"


@writes
def make_a_pipe(path, file):
    os.mkfifo(path / "p")


@writes
def past_the_parents_root(path, file):
    Path(f"/proc/{PARENT}/root{file}").write_text("gone")


@writes
def past_the_parents_folder(path, file):
    Path(f"/proc/{PARENT}/cwd/../{path.name}/data.txt").write_text("gone")


@writes
def mount_anew(path, file):
    C.unshare(0x10020000)
    C.mount(b"/", os.fsencode(path), None, ctypes.c_ulong(0x5000), None)
    (path / "after").write_text("x")


@metadata
def change_mode(path, file):
    os.chmod(file, 0o600)


@metadata
def change_times(path, file):
    os.utime(file, (1, 1))


@metadata
def set_attribute(path, file):
    os.setxattr(file, "user.x", b"1")


def inherited(kind, action, opened):
    """An attempt on a descriptor that was open before."""

    def both():
        path = folder()
        file = path / "data.txt"
        file.write_text("kept")
        descriptor = opened(path, file)
        before = seen(path)
        yield lambda: action(descriptor)
        os.close(descriptor)
        yield seen(path) != before

    both.__name__ = action.__name__
    attempt(kind)(both)


def change_mode_of_open_file(descriptor):
    os.fchmod(descriptor, 0o600)


def write_beside_open_folder(descriptor):
    os.close(os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))


def open_again_to_write(descriptor):
    os.write(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR), b"gone")


def change_mode_of_open_folder(descriptor):
    os.chmod("data.txt", 0o600, dir_fd=descriptor)


inherited("metadata", change_mode_of_open_file, lambda path, file: os.open(file, os.O_RDONLY))
inherited("metadata", change_mode_of_open_folder, lambda path, file: os.open(path, os.O_RDONLY))
inherited("files", write_beside_open_folder, lambda path, file: os.open(path, os.O_RDONLY))
inherited("files", open_again_to_write, lambda path, file: os.open(file, os.O_RDWR))


@attempt("files")
def memory_file_of_the_parent():
    descriptor = os.memfd_create("kept")
    os.write(descriptor, b"kept")
    yield lambda: os.pwrite(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR), b"gone", 0)
    found = os.pread(descriptor, 9, 0)
    os.close(descriptor)
    yield found != b"kept"


class Server(socket.socket):
    """One that remembers its address."""


def arrives(server, action):
    """Whether anything comes in at a listening socket."""
    server.settimeout(0.05)
    yield action
    try:
        if server.type == socket.SOCK_STREAM:
            server.accept()[0].close()
        else:
            server.recv(9)
        arrived = True
    except (TimeoutError, BlockingIOError):
        arrived = False
    server.close()
    yield arrived


def listening(family, kind, address):
    server = Server(family, kind)
    server.bind(address)
    server.address = server.getsockname()  # in the rehearsal it is dead
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


@attempt("tcp")
def connect():
    server = listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.create_connection(server.address, timeout=1))


@attempt("udp")
def send():
    server = listening(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", server.address))


@attempt("tcp")
def fast_open():
    server = listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, server.address))


@attempt("local")
def connect_to_a_path():
    server = listening(socket.AF_UNIX, socket.SOCK_STREAM, str(folder() / "s"))
    yield from arrives(server, lambda: socket.socket(socket.AF_UNIX).connect(server.address))


@attempt("local")
def send_to_a_path():
    server = listening(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder() / "s"))
    sender = (socket.AF_UNIX, socket.SOCK_DGRAM)
    yield from arrives(server, lambda: socket.socket(*sender).sendto(b"x", server.address))


@attempt("local")
def send_from_a_pair():
    server = listening(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder() / "s"))
    pair = (socket.AF_UNIX, socket.SOCK_DGRAM)
    yield from arrives(server, lambda: socket.socketpair(*pair)[0].sendto(b"x", server.address))


@attempt("local")
def connect_to_an_abstract_name():
    server = listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0cave-{os.getpid()}")
    yield from arrives(server, lambda: socket.socket(socket.AF_UNIX).connect(server.address))


@attempt("local")
def speak_to_a_virtual_machine():
    said = []
    yield lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close() or said.append(1) or say()
    yield heard()


@attempt("local")
def write_to_inherited_socket():
    ours, theirs = socket.socketpair()
    yield from arrives_at(theirs, lambda: os.write(ours.fileno(), b"x"), ours)


def arrives_at(end, action, other):
    end.settimeout(0.05)
    yield action
    try:
        arrived = bool(end.recv(9))
    except TimeoutError:
        arrived = False
    end.close()
    other.close()
    yield arrived


@attempt("processes")
def survive():
    def leave():
        named, told = os.pipe()
        if os.fork():
            return os.read(named, 1)
        os.setsid()
        if os.fork():
            os._exit(0)
        C.prctl(15, SURVIVOR.encode(), 0, 0, 0)
        C.prctl(1, 0, 0, 0, 0)
        os.write(told, b"x")
        os.closerange(0, 1000)
        time.sleep(60)
        os._exit(0)

    yield leave
    survivors = [
        pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if named(pid) == SURVIVOR
    ]
    for pid in survivors:
        os.kill(pid, signal.SIGKILL)
    yield bool(survivors)


def named(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def signalled(name, number, action):
    def both():
        arrived = threading.Event()
        before = signal.signal(number, lambda *_: arrived.set())
        yield action
        time.sleep(0.01)
        signal.signal(number, before)
        yield arrived.is_set()

    both.__name__ = name
    attempt("signals")(both)


def own_a_pipe():
    out, into = os.pipe()
    fcntl.fcntl(out, 8, PARENT)
    fcntl.fcntl(out, fcntl.F_SETFL, fcntl.fcntl(out, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(into, b"x")


signalled("kill", signal.SIGUSR1, lambda: os.kill(PARENT, signal.SIGUSR1))
signalled("tgkill", signal.SIGUSR1, lambda: C.syscall(234, PARENT, PARENT, int(signal.SIGUSR1)))
signalled("pidfd", signal.SIGUSR1, lambda: signal.pidfd_send_signal(os.pidfd_open(PARENT), signal.SIGUSR1))
signalled("by_a_pipe", signal.SIGIO, own_a_pipe)


def in_memory(action):
    """An attempt to write into the parent's memory."""

    def both():
        BUFFER.raw = b"kept\0"
        yield action
        yield BUFFER.value != b"kept"

    both.__name__ = action.__name__
    attempt("memory")(both)


class Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@in_memory
def write_into_the_process():
    text = ctypes.create_string_buffer(b"gone")
    local, remote = Vector(ctypes.addressof(text), 4), Vector(ctypes.addressof(BUFFER), 4)
    size = ctypes.c_ulong
    C.process_vm_writev(PARENT, ctypes.byref(local), size(1), ctypes.byref(remote), size(1), size(0))


@in_memory
def write_into_its_memory_file():
    with open(f"/proc/{PARENT}/mem", "r+b", buffering=0) as memory:
        memory.seek(ctypes.addressof(BUFFER))
        memory.write(b"gone")


@attempt("memory")
def trace():
    def seize():
        if C.ptrace(PTRACE_SEIZE, PARENT, None, None) == 0:
            say()

    yield seize
    yield heard()


@attempt("others")
def lower_the_parents_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (soft - 1, hard))
    arrived = resource.getrlimit(resource.RLIMIT_NOFILE)[0] != soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    yield arrived


@attempt("others")
def shared_memory_of_system_v():
    memory = C.shmget(0, 4096, 0o1600)
    C.shmat.restype = ctypes.c_void_p
    address = C.shmat(memory, None, 0)

    def write():
        there = C.shmat(memory, None, 0)
        if there not in (None, ctypes.c_void_p(-1).value):
            ctypes.memmove(there, b"gone", 4)

    yield write
    arrived = ctypes.string_at(address, 4) == b"gone"
    C.shmctl(memory, 0, None)
    yield arrived


@attempt("others")
def shared_memory_by_name():
    path = Path(f"/dev/shm/cave-{os.getpid()}")
    path.write_text("kept")
    yield lambda: path.write_text("gone")
    arrived = path.read_text() != "kept"
    path.unlink()
    yield arrived


@attempt("kernel")
def io_uring():
    yield lambda: say() if C.syscall(425, 4, ctypes.create_string_buffer(120)) >= 0 else None
    yield heard()


@attempt("kernel")
def new_user_namespace():
    yield lambda: say() if C.unshare(0x10000000) == 0 else None
    yield heard()


def say():
    SAYING[-1]({"output_type": "stream", "name": "stdout", "text": "yes"})


def heard():
    return any("yes" in str(output.get("text")) for output in TRIAL.outputs)


def become(user):
    if user == "nobody":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        C.prctl(4, 1, 0, 0, 0)  # as a program that this user had started
    if user == "refused":
        seccomp.install(b"".join(struct.pack("=HBBI", *step) for step in NO_UNSHARE))


def chosen(tier):
    full = sandbox.probe()
    inside = dataclasses.replace(full, overlay=False)
    users_and_network = linux.NEW_NETWORK | linux.NEW_USERS
    return {
        "all of it": full,
        "no overlay": inside,
        "own network": dataclasses.replace(inside, namespaces=users_and_network, shared_memory=False),
        "Landlock and seccomp": dataclasses.replace(inside, namespaces=0, shared_memory=False),
        "Landlock alone": sandbox.Sandbox(landlock=full.landlock),
        "namespaces alone": sandbox.Sandbox(full.namespaces, full.shared_memory),
        "seccomp alone": sandbox.Sandbox(seccomp=full.seccomp),
        "nothing": sandbox.Sandbox(),
    }[tier]


def run(action):
    def inside(emit):
        SAYING.append(emit)
        action()

    return rehearse(inside, {}, Limits(seconds=5), str)


become(USER)
PARENT = os.getpid()
HOME = tempfile.mkdtemp(prefix="cave-breakout-")
os.environ["HOME"] = HOME
os.mkdir(f"{HOME}/here")
os.chdir(f"{HOME}/here")
TIERED = chosen(TIER)
sandbox.probe = lambda: TIERED
results, words = {}, ""
for name, both in ATTEMPTS.items():
    parts = both()
    TRIAL = run(next(parts))
    results[name] = next(parts)
    words = TRIAL.sandbox
    if not words:
        raise SystemExit(f"{name}: {TRIAL}")
left = [path for path in os.listdir(tempfile.gettempdir()) if path.startswith(f"cave-rehearsal-{PARENT}-")]
print(json.dumps({"words": words, "claimed": str(TIERED), "arrived": results, "left": left}))
os.chdir("/")
import shutil  # noqa: E402

shutil.rmtree(HOME)
