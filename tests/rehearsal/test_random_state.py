from __future__ import annotations

import random

import numpy as np
import pytest

from caveagent_magic.rehearsal.random_state import RandomState, state_of

DRAW = """
values = [random.random(), random.gauss(0, 1), np.random.rand(), rng.normal(), old.normal(), own.random()]
_emit({"output_type": "stream", "name": "stdout", "text": repr(values)})
"""


def test_a_rehearsal_draws_the_numbers_that_the_run_draws(try_out, said):
    namespace = {
        "random": random,
        "np": np,
        "rng": np.random.default_rng(),
        "old": np.random.RandomState(),
        "own": random.Random(),
    }

    trial = try_out(DRAW, namespace)
    exec(DRAW, {**namespace, "_emit": lambda output: None}, drawn := {})

    assert said(trial) == repr(drawn["values"])


def test_a_state_that_is_given_back_draws_the_same():
    state = RandomState.take()
    first = random.random(), np.random.rand()
    moved = state.same_as(RandomState.take())

    state.restore()

    assert (moved, state.same_as(RandomState.take())) == (False, True)
    assert (random.random(), np.random.rand()) == first


@pytest.mark.parametrize(
    ("generator", "draw"),
    [
        (np.random.default_rng(1), lambda thing: thing.normal()),
        (np.random.RandomState(1), lambda thing: thing.normal()),
        (np.random.PCG64(1), lambda thing: thing.random_raw()),
        (random.Random(1), lambda thing: thing.random()),
    ],
)
def test_drawing_changes_the_state_and_reading_it_does_not(generator, draw):
    before, again = state_of(generator, type(generator)), state_of(generator, type(generator))

    draw(generator)

    assert before == again != state_of(generator, type(generator))


@pytest.mark.parametrize("thing", [random.SystemRandom(), [1], np.zeros(3)])
def test_what_has_no_state_to_keep_is_no_generator(thing):
    assert state_of(thing, type(thing)) is None
