"""What the attempts share: how one is registered, where it may write, what it says and what arrived."""

import ctypes
import os
import tempfile
from pathlib import Path

C = ctypes.CDLL(None, use_errno=True)
PARENT = os.getpid()
ATTEMPTS = {}
SAYING = []  # in the rehearsal: what takes its outputs
TRIALS = []  # what the rehearsals gave


def attempt(kind):
    """Register a function that is called in the rehearsal; it yields once outside, before, to look after."""

    def register(function):
        ATTEMPTS[f"{kind}: {function.__name__}"] = function
        return function

    return register


def folder():
    return Path(tempfile.mkdtemp(dir=os.environ["HOME"]))


def say():
    SAYING[-1]({"output_type": "stream", "name": "stdout", "text": "yes"})


def heard():
    return any("yes" in str(output.get("text")) for output in TRIALS[-1].outputs)
