"""What holds for all tests."""

import signal

import pytest


def pytest_configure() -> None:
    """Started in the background, a shell has told the tests to ignore a Ctrl-C, which some of them send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop running in the main thread."""
    items.sort(key=lambda item: "browser" in item.keywords)
