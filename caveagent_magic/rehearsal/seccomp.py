"""A filter over system calls (seccomp, classic BPF): what namespaces and Landlock do not hold.

Every call that reaches other processes, other sockets or the kernel itself is refused with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import struct
from collections.abc import Iterable, Sequence

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import linux
from caveagent_magic.rehearsal.syscalls import Architecture, architecture

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in what the filter sees
_ALLOW, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
_SET_SECCOMP, _FILTER, _STEP = 22, 2, 8
_NEW_NAMESPACES, _THREAD = 0x7E020080, 0x10000
_OTHER_INTERFACE = 0x40000000  # x32 calls on x86_64 have numbers from here on

# families and kinds of sockets
_UNIX, _INET, _NETLINK, _INET6 = 1, 2, 16, 10
_STREAM, _KIND = 1, 0xF


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


KERNEL = _names("""
    ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp bpf perf_event_open userfaultfd
    keyctl add_key request_key io_uring_setup io_uring_enter io_uring_register
    mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr
    unshare setns open_by_handle_at kexec_load kexec_file_load reboot init_module finit_module delete_module
    swapon swapoff acct settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname
    open_tree_attr quotactl quotactl_fd syslog iopl ioperm vhangup
""")
METADATA = _names("""
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat removexattrat file_setattr
    truncate
""")
MESSAGES = _names("""
    shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink
""")
# the argument that names the process
ON_A_PROCESS = {
    "kill": 0, "tkill": 0, "tgkill": 0, "rt_sigqueueinfo": 0, "rt_tgsigqueueinfo": 0, "prlimit64": 0,
    "sched_setparam": 0, "sched_setscheduler": 0, "sched_setaffinity": 0, "sched_setattr": 0,
    "migrate_pages": 0, "move_pages": 0, "setpriority": 1, "ioprio_set": 1,
}  # fmt: skip
_CHANGE_FLAGS = (0x40086602, 0x401C5820)  # ioctl: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR
_TO_A_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_SIGNAL_OWNER = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
_EMPTY, _ACCESS = 0o1000, 0o3  # open: O_TRUNC, O_ACCMODE
_SET_OWNER = (8, 15)  # fcntl: F_SETOWN, F_SETOWN_EX

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


@frozen
class Filter:
    """What the namespaces leave to be refused."""

    own_network: bool
    own_processes: bool
    own_messages: bool  # System V's and POSIX' queues
    own_files: bool  # all that can be written is a scratch layer


def confine(chosen: Filter) -> None:
    """Put the filter over this process and all that it starts, for good."""
    install(program_of(chosen, 0 if chosen.own_processes else os.getpid()))


def install(program: bytes) -> None:
    """Hand a filter in the kernel's form to the kernel; raises `OSError` where it takes none."""
    code = ctypes.create_string_buffer(program, len(program))
    given = struct.pack("@HP", len(program) // _STEP, ctypes.addressof(code))
    linux.forbid_new_privileges()
    linux.checked(linux.libc().prctl(_SET_SECCOMP, _FILTER, given, 0, 0))


@functools.lru_cache(maxsize=1)
def program_of(chosen: Filter, pid: int) -> bytes:
    """The filter in the kernel's form, for a process that may only reach itself, `pid`; 0: all it sees."""
    known = architecture()
    if known is None:
        raise OSError(errno.ENOSYS, "the filter knows no system calls of this processor")
    return b"".join(struct.pack("=HBBI", *step) for step in _program(chosen, known, pid))


def _program(chosen: Filter, known: Architecture, pid: int) -> Iterable[Step]:
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_EQUAL, 1, 0, known.audit)
    yield (_RETURN, 0, 0, _REFUSE)
    yield (_LOAD, 0, 0, _NUMBER)
    if known.machine == "x86_64":
        yield from _when(_AT_LEAST, _OTHER_INTERFACE, _REFUSE)
    refused = [*KERNEL]
    refused += [] if chosen.own_processes else ["fork", "vfork", "pidfd_send_signal"]
    refused += [] if chosen.own_messages else MESSAGES
    refused += [] if chosen.own_files else METADATA
    unknown = ["clone3"] if chosen.own_files else ["clone3", "openat2"]
    for name in refused:
        if name in known.numbers:
            yield from _when(_EQUAL, known.numbers[name], _REFUSE)
    for name in unknown:  # their flags cannot be seen, those of the older calls can
        yield from _when(_EQUAL, known.numbers[name], _UNKNOWN)
    for name, body in _conditions(chosen, pid):
        if name in known.numbers:
            yield (_EQUAL, 0, len(body), known.numbers[name])
            yield from body
    yield (_RETURN, 0, 0, _ALLOW)


def _conditions(chosen: Filter, pid: int) -> Iterable[tuple[str, Sequence[Step]]]:
    """For each call, what looks at its arguments and decides."""
    yield "clone", _clone(chosen)
    families = (_INET, _INET6, _NETLINK) if chosen.own_network else ()
    yield "socket", _only(0, families)
    # A datagram socket of a pair could still be sent to any address.
    yield (
        "socketpair",
        [*_load(0), *_unless(_UNIX), *_load(1), (_AND, 0, 0, _KIND), *_unless(_STREAM), *_ALLOWED],
    )
    refused: tuple[int, ...] = _TO_A_TERMINAL
    if not chosen.own_processes:
        refused += _SIGNAL_OWNER
        yield "fcntl", _not(1, _SET_OWNER)
        for name, argument in ON_A_PROCESS.items():
            kind = [*_load(0), *_unless(1 if name == "ioprio_set" else 0)] if argument else []
            yield name, [*kind, *_only(argument, (0, pid))]
    if not chosen.own_files:
        yield "open", _opening(1)
        yield "openat", _opening(2)
    yield "ioctl", _not(1, refused if chosen.own_files else refused + _CHANGE_FLAGS)


_ALLOWED: Sequence[Step] = ((_RETURN, 0, 0, _ALLOW),)


def _clone(chosen: Filter) -> Sequence[Step]:
    namespaces = [*_load(0), *_when(_ANY_BIT, _NEW_NAMESPACES, _REFUSE)]
    if chosen.own_processes:
        return [*namespaces, *_ALLOWED]
    return [*namespaces, *_when(_ANY_BIT, _THREAD, _ALLOW), (_RETURN, 0, 0, _REFUSE)]


def _opening(flags: int) -> Sequence[Step]:
    """Opening a file to read may empty it, which old versions of Landlock overlook."""
    return [*_load(flags), (_AND, 0, 0, _EMPTY | _ACCESS), *_when(_EQUAL, _EMPTY, _REFUSE), *_ALLOWED]


def _load(argument: int) -> Sequence[Step]:
    return ((_LOAD, 0, 0, _ARGUMENTS + 8 * argument),)


def _when(test: int, operand: int, result: int) -> Sequence[Step]:
    return ((test, 0, 1, operand), (_RETURN, 0, 0, result))


def _unless(value: int) -> Sequence[Step]:
    return ((_EQUAL, 1, 0, value), (_RETURN, 0, 0, _REFUSE))


def _only(argument: int, values: Iterable[int]) -> Sequence[Step]:
    accepted = (step for value in values for step in _when(_EQUAL, value, _ALLOW))
    return [*_load(argument), *accepted, (_RETURN, 0, 0, _REFUSE)]


def _not(argument: int, values: Iterable[int]) -> Sequence[Step]:
    refused = (step for value in values for step in _when(_EQUAL, value, _REFUSE))
    return [*_load(argument), *refused, *_ALLOWED]
