"""Starts kernels quickly: each is forked from a process that has imported what every kernel imports.

Reads the path of a connection file from each line of its input, and prints the process that serves it.
"""

import importlib
import os
import signal
import sys

from ipykernel.kernelapp import IPKernelApp

from caveagent_magic.security.flow import infer

IMPORTED = ["anthropic", "anywidget", "ipykernel.inprocess", "IPython.core.completer", "pydantic"]
IMPORTED += [
    "caveagent_magic.models.anthropic",
    "caveagent_magic.shell.commands",
    "caveagent_magic.shell.drive",
]


def serve(path: str, parent: int) -> None:
    """Be a kernel, which ends when its parent does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    options = [f"--IPKernelApp.parent_handle={parent}", "--HistoryManager.hist_file=:memory:"]
    IPKernelApp.launch_instance(argv=["-f", path, "--log-level=CRITICAL", *options])
    os._exit(0)


if __name__ == "__main__":
    for name in IMPORTED:
        importlib.import_module(name)
    infer.warm_up().join()  # once, and not in each of them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody else asks after them
    parent = os.getpid()
    while line := sys.stdin.readline():
        if (pid := os.fork()) == 0:
            serve(line.strip(), parent)
        print(pid, flush=True)
