"""What holds for all tests."""

import signal
import sys

import pytest


def pytest_configure() -> None:
    """Make up for how the tests were started.

    In the background, a shell has told them to ignore a Ctrl-C, which some of them send; a process that runs
    some of them beside others has a main module that new processes of Python cannot be started from.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    vars(sys.modules["__main__"]).setdefault("__spec__", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop running in the main thread."""
    items.sort(key=lambda item: "browser" in item.keywords)
