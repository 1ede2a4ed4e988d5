"""What the sandbox says of itself, held against fifty ways out: whatever it claims must be so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLAIMS = {
    "no network but local sockets": {"tcp", "udp"},
    "no network,": {"tcp", "udp", "local"},
    "no reach to other processes": {"processes", "signals", "memory", "others"},
    "no new processes, no reach to others": {"processes", "signals", "memory", "others"},
    "no new processes, no signals to others": {"processes", "signals"},
    "files are written to a scratch layer and thrown away": {"files", "metadata"},
    "no changes to files outside a scratch folder": {"files", "metadata"},
    "no writes outside a scratch folder": {"files"},
    "seccomp": {"kernel"},
}
TIERS = [
    ("me", "all of it"),
    ("me", "no overlay"),
    ("me", "own network"),
    ("me", "Landlock and seccomp"),
    ("me", "Landlock alone"),
    ("me", "namespaces alone"),
    ("me", "seccomp alone"),
    ("nobody", "all of it"),
    ("nobody", "Landlock and seccomp"),
    ("refused", "all of it"),
]


def break_out(user, tier):
    if user == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    command = [sys.executable, "-m", "tests.rehearsal.breakout", user, tier]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def kinds_of(names):
    return {name.partition(":")[0] for name in names}


@pytest.mark.timeout(520)
@pytest.mark.parametrize(("user", "tier"), TIERS)
def test_nothing_that_is_claimed_to_be_held_arrives(user, tier):
    found = break_out(user, tier)
    claimed = set().union(*(kinds for words, kinds in CLAIMS.items() if words in found["words"]))
    arrived = [name for name, there in found["arrived"].items() if there]

    assert kinds_of(arrived) & claimed == set(), arrived
    assert found["words"] == found["claimed"]
    assert found["left"] == []


@pytest.mark.timeout(520)
def test_where_nothing_is_claimed_the_attempts_succeed():
    found = break_out("nobody", "nothing")
    strict = Path("/proc/sys/kernel/yama/ptrace_scope")
    hardened = strict.exists() and strict.read_text().strip() != "0"

    assert found["words"].startswith("the guard alone")
    assert kinds_of(name for name, there in found["arrived"].items() if there) >= (
        kinds_of(found["arrived"]) - ({"memory"} if hardened else set())
    )
    assert sum(found["arrived"].values()) > len(found["arrived"]) * 0.8


@pytest.mark.timeout(520)
def test_where_unshare_is_refused_seccomp_and_landlock_still_hold():
    assert break_out("refused", "all of it")["words"].endswith("(Landlock, seccomp)")
