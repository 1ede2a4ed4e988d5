"""`%cave undo` and `%cave redo`: steps are taken back or done again, shown, and told to the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.display import display

from caveagent_magic.errors import UsageError
from caveagent_magic.events import TurnEnded, Undone
from caveagent_magic.rehearsal.process import interrupts_held
from caveagent_magic.rehearsal.undo.history import Back
from caveagent_magic.semantic import prompt
from caveagent_magic.shell.display import bundle
from caveagent_magic.shell.log import Log

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver


def take_back(driver: Driver, count: int | None) -> str:
    """Undo so many steps, or those of the last turn; gives what is to be printed."""
    _refuse_inside_a_turn(driver)
    with interrupts_held():
        back = driver.history.undo(driver.runtime.namespace, count)
    if not back.steps and driver.history.dropped:
        return "There is nothing to undo: older steps were let go, to bound how many are kept or save memory."
    return _shown(back, driver, redo=False) if back.steps else "There is nothing to undo: no step was run."


def do_again(driver: Driver) -> str:
    """Redo what the last undo took back; gives what is to be printed."""
    _refuse_inside_a_turn(driver)
    with interrupts_held():
        back = driver.history.redo(driver.runtime.namespace)
    if not back.steps:
        return "There is nothing to do again: nothing was undone since the last step."
    return _shown(back, driver, redo=True)


def _refuse_inside_a_turn(driver: Driver) -> None:
    if driver.running:
        raise UsageError("Steps cannot be undone while a turn is running. Stop it, or wait for its end.")


def _shown(back: Back, driver: Driver, *, redo: bool) -> str:
    """As a bundle where there is a notebook to keep it, else as text."""
    steps = len({(step.turn, step.step) for step in back.steps})
    driver.steps.follow(back.steps, redo=redo)
    driver.stream.note(prompt.undone(steps, back.names, redo=redo))
    oldest = back.steps[0 if redo else -1]
    log = Log()
    log.add(Undone(back.names, back.not_undone, redo, turn=oldest.turn, step=oldest.step))
    log.add(TurnEnded("done", turn=oldest.turn, step=oldest.step))
    shown = bundle(log)
    if driver.in_notebook:
        display(shown, raw=True, display_id=True)
        return ""
    return str(shown["text/plain"])
