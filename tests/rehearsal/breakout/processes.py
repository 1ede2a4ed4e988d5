"""Other processes, the parent's memory and limits, memory that is shared by name, the kernel's own doors."""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import threading
import time
from pathlib import Path

from tests.rehearsal.breakout.attempts import PARENT, C, attempt, heard, say

BUFFER = ctypes.create_string_buffer(b"kept")
PTRACE_SEIZE = 0x4206
SURVIVOR = f"caves{os.getpid()}"


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
