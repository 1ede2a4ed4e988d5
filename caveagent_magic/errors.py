"""What can go wrong, as one sentence that says what happened and what to do."""

from __future__ import annotations


class CaveError(Exception):
    """Base of every error that a person may see; shown as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        """The hook by which IPython shows an exception in its own words."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(CaveError):
    """The line of a magic cannot be understood; the message names what exists."""


class ModelError(CaveError):
    """The model did not give a usable reply."""


class NoModel(ModelError):
    """No key, no weights or no such model; the message says how to get one."""


class NobodyToAsk(CaveError):
    """A step needs an answer and nobody is there to give it."""


class PolicyError(CaveError):
    """A policy file cannot be read; the message names the file and the key."""


class Stopped(CaveError):
    """The person stopped the turn."""


class LimitReached(CaveError):
    """The turn used up its steps or its token budget before the task was done."""


class GuardBroken(CaveError):
    """A step broke what was to stay true of the data."""


class CapabilityRefused(PermissionError):
    """Agent code tried something that its verdict did not name; raised inside that code."""
