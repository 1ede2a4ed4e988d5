"""Random programs: undo gives exactly what was, redo exactly what came, a rehearsal leaves all as it is."""

from __future__ import annotations

import os
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from caveagent_magic.events import Changes
from caveagent_magic.rehearsal.checkpoint import Checkpoint, Limits
from caveagent_magic.rehearsal.fork import Limits as TrialLimits
from caveagent_magic.rehearsal.fork import rehearse
from tests.rehearsal.programs import CHANGING, beginning, picture, programs, run

CASES = int(os.environ.get("CAVE_CASES", "300"))  # of both ways together; CAVE_CASES=2000 is the whole lot
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
exactly = settings(max_examples=CASES // 2, deadline=None, suppress_health_check=SLOW)
PATIENT = {"seconds": 60.0}


@pytest.fixture(autouse=True)
def _settings_come_back():
    state, legacy = random.getstate(), np.random.get_state()
    yield
    random.setstate(state)
    np.random.set_state(legacy)
    pd.reset_option("display.max_rows")
    np.set_printoptions(precision=8)


def there_and_back(program, limits):
    """Pictures before, after, after undo, after redo and after undoing that; and what was not undone.

    An iterator that has come to its end cannot go back: where that is said, its position is left out.
    """
    namespace = beginning()
    pictures = [picture(namespace)]
    checkpoint = Checkpoint.take(namespace, (), limits)
    run(program, namespace)
    checkpoint.narrow(Changes())
    pictures.append(picture(namespace))
    record, problems = checkpoint.record, []
    for _ in range(3):
        restored = record.restore(namespace)
        pictures.append(picture(namespace))
        problems += [change for change in restored.not_undone if change.name != "imported modules"]
        record = restored.back
    if any("come to its end" in change.summary for change in problems):
        problems = [change for change in problems if change.name != "iterator"]
        pictures = [{name: drawn for name, drawn in each.items() if name != "iterator"} for each in pictures]
    return pictures, problems


@exactly
@given(programs)
def test_undo_and_redo_are_exact_where_small_arrays_are_copied(program):
    (before, after, undone, redone, undone_again), problems = there_and_back(program, Limits(**PATIENT))

    assert (undone, redone, undone_again, problems) == (before, after, before, [])


@exactly
@given(programs)
def test_undo_and_redo_are_exact_where_arrays_are_left_to_a_frozen_fork(program):
    limits = Limits(**PATIENT, copied=0)

    (before, after, undone, redone, undone_again), problems = there_and_back(program, limits)

    assert (undone, redone, undone_again, problems) == (before, after, before, [])


def test_the_picture_tells_of_every_kind_of_change():
    untold = []
    for statement in CHANGING:
        namespace = beginning()
        before = picture(namespace)
        run(statement.format(i=1, n=3), namespace)
        untold += [statement] if picture(namespace) == before else []

    assert untold == []


@settings(exactly, max_examples=max(1, CASES // 10))
@given(programs)
def test_a_rehearsal_leaves_every_value_and_identity_as_it_was(program):
    namespace = beginning()
    before = picture(namespace)

    rehearse(lambda emit: run(program, namespace), namespace, TrialLimits(seconds=100), lambda thing: "")

    assert picture(namespace) == before
