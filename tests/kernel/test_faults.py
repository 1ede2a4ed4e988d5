"""A kernel, its server or the model is killed at any point of a turn: nothing that was approved is lost.

`CAVEAGENT_FAULTS=200` strikes so many times in all; the suite does so at a few points.
"""

import itertools
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from caveagent_magic.record.journal import Journal
from caveagent_magic.record.key import key_at
from caveagent_magic.record.turns import read

sys.path.insert(0, str(Path(__file__).parent))
from faults.stage import JupyterServer, Zygote, until

sys.path.pop(0)

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("CAVEAGENT_FAULTS", "10"))
SHARES = {"kernel": 0.6, "model": 0.25, "server": 0.15}  # of all strikes
ADD = "I add.\n```python\ntotal = sum(numbers)\ntotal\n```\n"
DOUBLE = "```python\ndouble = 2 * total\nprint(double)\n```\n"
CELL = "%%cave\nAdd them up."
STRIKING = "__import__('tests.kernel.faults.striking', fromlist=['strike'])"
EVENTS, LINES, STEPS = 27, 6, 2  # of the turn; the first test counts them


def points(victim):
    """Where a turn can be struck; only a kernel dies in the middle of a line, or exactly before or after."""
    whens = ("before", "after") if victim == "kernel" else ("before",)
    found = [("event", number, when) for number in range(1, EVENTS + 1) for when in whens]
    found += [("code", number, when) for number in range(1, STEPS + 1) for when in whens]
    if victim == "kernel":
        found += [("line", number, when) for number in range(1, LINES + 1) for when in ("half", "after")]
    return found


def chosen(victim):
    """So many points as are wanted, each of them once before any is struck again."""
    every, wanted = points(victim), max(1, round(RUNS * SHARES[victim]))
    random.Random(7).shuffle(every)
    return list(itertools.islice(itertools.cycle(every), wanted))


class Scene:
    """The notebook whose turn is struck, and what its record must hold whatever happens."""

    def __init__(self, folder, model):
        self.folder, self.model = folder, model
        self.count = 0

    def set(self, kernel):
        """A new notebook, in this kernel."""
        self.count += 1
        self.path = self.folder / f"analysis {self.count}.cave.jsonl"
        self.open(kernel)

    def open(self, kernel):
        """The same notebook, in this kernel as if it were fresh."""
        kernel.run("%unload_ext caveagent_magic\n%reset -f")
        kernel.run(f"%load_ext caveagent_magic\nnumbers = [1, 2, 3]\n%cave record {str(self.path)!r}")

    def turns(self):
        key = key_at(self.folder / "data" / "caveagent_magic" / "record.key")
        contents = read(Journal(self.path).lines(), key, Journal(self.path).notebook)
        return list(contents.turns.values()), contents.faults

    def struck(self, kernel, half):
        """Everything that was seen to be approved, or done, is in the record; and nothing is there twice."""
        turns, faults = self.turns()
        began = {step.number for turn in turns for step in turn.steps}
        done = Counter(step.number for turn in turns for step in turn.steps if step.done)
        told = {kind: {e["step"] for e in kernel.seen if e["type"] == kind} for kind in ("decided", "ran")}
        assert told["decided"] <= began, f"{told} was seen, and {began} had begun"
        assert told["ran"] <= set(done), f"{told} was seen, and {done} is recorded"
        assert set(done.values()) <= {1}
        assert len(faults) <= half

    def gone_on(self, kernel):
        """In another kernel the turn is resumed, or asked anew if nothing of it was approved, or ended."""
        self.open(kernel)
        turns, _ = self.turns()
        approved = bool(turns and turns[-1].steps and turns[-1].ended != "done")
        status = kernel.turn("%cave resume")
        assert (status == "ok") == approved, f"{kernel.error} {turns}"
        if not approved:
            assert kernel.error.startswith("There is nothing to resume")
            assert kernel.turn(CELL) == "ok", kernel.error
        assert kernel.value("(total, double)") == "(6, 12)"

    def recorded_once(self, kernel):
        """The turn, whole and once, runs again without the model."""
        whole = [turn for turn in self.turns()[0] if turn.ended == "done"]
        assert [[step.number for step in turn.steps if step.done] for turn in whole] == [[1, 2]]
        asked = self.model.asked
        self.open(kernel)
        assert kernel.turn(CELL.replace("%%cave", "%%cave --replay-only")) == "ok", kernel.error
        assert (kernel.value("(total, double)"), self.model.asked) == ("(6, 12)", asked)


@pytest.fixture
def stage(serve, tmp_path):
    """A model, an environment, and what makes kernels in it."""
    model = serve(ADD, DOUBLE, "The total is 6.")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("CAVEAGENT_RECORD")
    zygote = Zygote(tmp_path, environment)
    kernels = []

    def kernel():
        kernels.append(made := zygote.kernel())
        return made

    yield model, environment, zygote, kernel, Scene(tmp_path, model)
    for each in kernels:
        each.close()
    zygote.close()


def strike(kernel, pid, point):
    assert kernel.run(f"{STRIKING}.strike({pid}, *{point!r})") == "ok", kernel.error


def at_each(points, act):
    """Do it at each point; all that went wrong, by point."""
    wrong = {}
    for number, point in enumerate(points):
        try:
            act(point)
        except Exception as error:  # whatever went wrong, the other points are struck too
            wrong[number, point] = f"{type(error).__name__}: {error}"[:300]
        print(number, *point, wrong.get((number, point), "as it should be"), flush=True)
    print(f"{len(points)} strikes, {len(wrong)} wrong")
    return wrong


def test_the_points_of_a_turn_are_counted_right(stage):
    _, _, _, begin, scene = stage
    kernel = begin()
    scene.set(kernel)
    strike(kernel, 0, ("none", 0, "before"))

    assert kernel.turn(CELL) == "ok"

    assert kernel.value(f"{STRIKING}.PASSED") == repr({"event": EVENTS, "line": LINES, "code": STEPS})


def test_a_kernel_that_is_killed_loses_nothing_that_was_approved(stage):
    _, _, zygote, begin, scene = stage
    kernels = [begin()]

    def act(point):
        kernel, spare = kernels.pop(), begin()
        kernels.append(spare)
        scene.set(kernel)
        strike(kernel, kernel.pid, point)
        kernel.start(CELL)
        kernel.drive(lambda: False)
        assert kernel.dead, "it was not struck"
        scene.struck(kernel, half=point[2] == "half")
        scene.gone_on(spare)
        scene.recorded_once(spare)
        assert zygote.strangers(spare) == set()

    assert at_each(chosen("kernel"), act) == {}


def test_a_model_that_is_killed_loses_nothing_that_was_approved(stage):
    model, _, zygote, begin, scene = stage
    kernel, other = begin(), begin()

    def act(point):
        scene.set(kernel)
        strike(kernel, model.process.pid, point)
        kernel.turn(CELL)
        assert model.process.poll() is not None, f"it was not struck: {kernel.status} {kernel.error}"
        assert kernel.status == "ok" or kernel.error.startswith("No connection to"), kernel.error
        scene.struck(kernel, half=False)
        model.start()
        scene.gone_on(other)
        scene.recorded_once(other)
        assert zygote.strangers(kernel, other) == set()

    assert at_each(chosen("model"), act) == {}


def test_a_server_that_is_killed_loses_nothing_that_was_approved(stage, tmp_path):
    _, environment, _, begin, scene = stage
    fresh = begin()

    def act(point):
        server = JupyterServer(tmp_path, environment)
        try:
            kernel = server.kernel
            scene.set(kernel)
            strike(kernel, server.process.pid, point)
            kernel.start(CELL)
            kernel.drive(lambda: server.dead)
            assert until(lambda: kernel.dead, "the kernel to end with its server")
            scene.struck(kernel, half=False)
            assert server.strangers() == set()
        finally:
            server.close()
        scene.gone_on(fresh)
        scene.recorded_once(fresh)

    assert at_each(chosen("server"), act) == {}
