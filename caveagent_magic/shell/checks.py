"""`%cave guard` and `%cave unguard`: what must stay true of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from caveagent_magic.errors import UsageError

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver

FORM = "`%cave guard NAME: CHECK; CHECK`, such as `%cave guard sales: sales.id unique; rows unchanged`"


def guard(text: str, driver: Driver) -> str:
    """Set checks for a variable, or list all with what is found now."""
    namespace = driver.runtime.namespace
    if not text:
        return (
            "\n".join(
                f"{each.text:<40} {each.complaint(namespace) or 'holds'}" for each in driver.checks.all()
            )
            or f"Nothing is guarded. Write {FORM}."
        )
    subject, colon, said = text.partition(":")
    if not colon or not subject.strip().isidentifier():
        raise UsageError(f"Write {FORM}.")
    found = driver.checks.add(subject.strip(), said, namespace)
    listed = "\n".join(f"  {each.text}" for each in found)
    return f"These hold, and are checked in each rehearsal and after each step:\n{listed}"


def unguard(words: Sequence[str], driver: Driver) -> str:
    """Let go of the checks of these variables, or of all."""
    unknown = [name for name in words if name not in driver.checks.of]
    if unknown:
        raise UsageError(f"Nothing is guarded for {', '.join(unknown)}.")
    gone = sum(map(driver.checks.drop, words)) if words else driver.checks.drop()
    return f"{gone} {'check' if gone == 1 else 'checks'} let go."
