"""Tries to get out of a rehearsal in every way known here, and prints what arrived; run by `test_breakout`.

Usage: python -m tests.rehearsal.breakout USER TIER
USER is `me`, `nobody` or `refused`: me, who may not `unshare`.
"""

import dataclasses
import encodings.idna  # noqa: F401  # another user cannot read this Python's files any more
import json
import os
import shutil
import struct
import sys
import tempfile

import numpy.random  # noqa: F401

from caveagent_magic.rehearsal import linux, sandbox, seccomp
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.rehearsal.syscalls import numbers_of
from tests.rehearsal.breakout import files, network, processes  # noqa: F401  # each registers its attempts
from tests.rehearsal.breakout.attempts import ATTEMPTS, PARENT, SAYING, TRIALS, C

USER, TIER = sys.argv[1:]
NOBODY = 65534
# load the number; unshare: EPERM, all else: allowed
NO_UNSHARE = (
    (0x20, 0, 0, 0),
    (0x15, 0, 1, numbers_of(os.uname().machine)["unshare"]),
    (6, 0, 0, 0x50001),
    (6, 0, 0, 0x7FFF0000),
)


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
HOME = tempfile.mkdtemp(prefix="cave-breakout-")
os.environ["HOME"] = HOME
os.mkdir(f"{HOME}/here")
os.chdir(f"{HOME}/here")
TIERED = chosen(TIER)
sandbox.probe = lambda: TIERED
results, words = {}, ""
for name, both in ATTEMPTS.items():
    parts = both()
    TRIALS.append(run(next(parts)))
    results[name] = next(parts)
    words = TRIALS[-1].sandbox
    if not words:
        raise SystemExit(f"{name}: {TRIALS[-1]}")
left = [path for path in os.listdir(tempfile.gettempdir()) if path.startswith(f"cave-rehearsal-{PARENT}-")]
print(json.dumps({"words": words, "claimed": str(TIERED), "arrived": results, "left": left}))
os.chdir("/")
shutil.rmtree(HOME)
