"""Steps are taken back or done again, and told to the model: `%cave undo`, `%cave redo` and the buttons."""

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


def take_back(driver: Driver, count: int | None, *, in_a_cell: bool) -> Log:
    """Undo so many steps, or those of the last turn; the log is empty where there was nothing to undo."""
    _refuse_inside_a_turn(driver)
    with interrupts_held():
        back = driver.history.undo(driver.runtime.namespace, count)
    return _told(back, driver, redo=False, in_a_cell=in_a_cell)


def do_again(driver: Driver, *, in_a_cell: bool) -> Log:
    """Redo what the last undo took back; the log is empty where nothing was undone."""
    _refuse_inside_a_turn(driver)
    with interrupts_held():
        back = driver.history.redo(driver.runtime.namespace)
    return _told(back, driver, redo=True, in_a_cell=in_a_cell)


def nothing(driver: Driver, *, redo: bool) -> str:
    """Why there was nothing to take back, or to do again."""
    if redo:
        return "There is nothing to do again: nothing was undone since the last step."
    if driver.history.dropped:
        return "There is nothing to undo: older steps were let go, to bound how many are kept or save memory."
    return "There is nothing to undo: no step was run."


def shown(log: Log, driver: Driver) -> str:
    """As a bundle where there is a notebook to keep it, else as text."""
    kept = bundle(log)
    if driver.in_notebook:
        display(kept, raw=True, display_id=True)
        return ""
    return str(kept["text/plain"])


def _refuse_inside_a_turn(driver: Driver) -> None:
    if driver.running:
        raise UsageError("Steps cannot be undone while a turn is running. Stop it, or wait for its end.")


def _told(back: Back, driver: Driver, *, redo: bool, in_a_cell: bool) -> Log:
    """What came of it, told to all that follow the steps."""
    log = Log()
    if not back.steps:
        return log
    steps = len({(step.turn, step.step) for step in back.steps})
    driver.steps.follow(back.steps, redo=redo)
    driver.stream.note(prompt.undone(steps, back.names, redo=redo))
    oldest = back.steps[0 if redo else -1]
    log.add(Undone(back.names, back.not_undone, redo, turn=oldest.turn, step=oldest.step))
    log.add(TurnEnded("done", turn=oldest.turn, step=oldest.step))
    driver.record.follow(driver.history, in_a_cell=in_a_cell)
    driver.offer.update()
    return log
