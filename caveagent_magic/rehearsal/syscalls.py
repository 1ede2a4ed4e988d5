"""The numbers of the system calls that the filter speaks of, for each processor that it is written for."""

from __future__ import annotations

import functools
import os
import struct
import sys
from collections.abc import Mapping

from caveagent_magic.frozen import frozen

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name, number on x86_64, number on aarch64; one number: the same on both; -: there is none
_TABLE = """
    ptrace 101 117; process_vm_readv 310 270; process_vm_writev 311 271; process_madvise 440
    pidfd_getfd 438; pidfd_send_signal 424; kcmp 312 272; bpf 321 280; perf_event_open 298 241
    userfaultfd 323 282; keyctl 250 219; add_key 248 217; request_key 249 218
    io_uring_setup 425; io_uring_enter 426; io_uring_register 427
    mount 165 40; umount2 166 39; pivot_root 155 41; chroot 161 51; move_mount 429; open_tree 428
    fsopen 430; fsconfig 431; fsmount 432; fspick 433; mount_setattr 442
    open_tree_attr 467; unshare 272 97; setns 308 268
    open_by_handle_at 304 265; kexec_load 246 104; kexec_file_load 320 294; reboot 169 142
    init_module 175 105; finit_module 313 273; delete_module 176 106; swapon 167 224; swapoff 168 225
    acct 163 89; settimeofday 164 170; clock_settime 227 112; adjtimex 159 171; clock_adjtime 305 266
    sethostname 170 161; setdomainname 171 162; quotactl 179 60; quotactl_fd 443; syslog 103 116
    iopl 172 -; ioperm 173 -; vhangup 153 58
    open 2 -; openat 257 56; openat2 437
    clone 56 220; clone3 435; fork 57 -; vfork 58 -; socket 41 198; socketpair 53 199
    fcntl 72 25; ioctl 16 29; kill 62 129; tkill 200 130; tgkill 234 131
    rt_sigqueueinfo 129 138; rt_tgsigqueueinfo 297 240; prlimit64 302 261
    sched_setparam 142 118; sched_setscheduler 144 119; sched_setaffinity 203 122; sched_setattr 314 274
    setpriority 141 140; ioprio_set 251 30; migrate_pages 256 238; move_pages 279 239
    shmget 29 194; shmat 30 196; shmctl 31 195; semget 64 190; semop 65 193; semctl 66 191
    semtimedop 220 192; msgget 68 186; msgsnd 69 189; msgrcv 70 188; msgctl 71 187
    mq_open 240 180; mq_unlink 241 181
    chmod 90 -; fchmod 91 52; fchmodat 268 53; fchmodat2 452; chown 92 -; fchown 93 55; lchown 94 -
    fchownat 260 54; utime 132 -; utimes 235 -; futimesat 261 -; utimensat 280 88
    setxattr 188 5; lsetxattr 189 6; fsetxattr 190 7; removexattr 197 14; lremovexattr 198 15
    fremovexattr 199 16; setxattrat 463; removexattrat 466; file_setattr 469; truncate 76 45
"""


@frozen
class Architecture:
    """A processor's calling convention."""

    machine: str
    audit: int  # what the kernel calls it
    numbers: Mapping[str, int]


@functools.cache
def architecture() -> Architecture | None:
    """This machine's; None: not one that the table is for."""
    machine = os.uname().machine
    if machine not in _AUDIT or sys.byteorder != "little" or struct.calcsize("P") != 8:
        return None
    return Architecture(machine, _AUDIT[machine], numbers_of(machine))


def numbers_of(machine: str) -> Mapping[str, int]:
    """Names to numbers."""
    column = tuple(_AUDIT).index(machine)
    rows = (row.split() for row in _TABLE.replace("\n", ";").split(";") if row.strip())
    chosen = ((name, numbers[min(column, len(numbers) - 1)]) for name, *numbers in rows)
    return {name: int(number) for name, number in chosen if number != "-"}
