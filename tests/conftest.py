"""What holds for all tests."""

import signal
import sys

import pytest


def pytest_configure() -> None:
    """In the background, a shell has told them to ignore a Ctrl-C, which some of them send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup() -> None:
    """A shell in a test may leave a main module behind that no new process of Python can be started from."""
    vars(sys.modules["__main__"]).setdefault("__spec__", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop running in the main thread."""
    items.sort(key=lambda item: "browser" in item.keywords)
