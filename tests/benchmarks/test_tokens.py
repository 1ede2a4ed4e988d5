"""The comparison of tokens runs, and its agents do the same work."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "tokens"
NEEDED = ("bpe_openai", "gapminder", "palmerpenguins", "tau2", "vega_datasets")


def run(program, tmp_path):
    """What a small program prints as JSON, run beside the benchmark's own modules."""
    file = tmp_path / "program.py"
    file.write_text(f"import sys\nsys.path.insert(0, {str(HERE)!r})\n{program}")
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(autouse=True)
def installed():
    """What the comparison needs; without it the test fails and says what to do."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    assert not missing, f"{missing} not installed: `make tokens` or `make test` installs what this needs"


def test_every_agent_earns_the_full_reward_on_a_task_of_each_domain(tmp_path):
    program = """
import itertools
import json
import tau2_replay as replay
wrong = {}
for domain, place in (("retail", 0), ("airline", 1)):
    world = replay.World(domain)
    task = next(itertools.islice((each for each in world.tasks if world.actions(each)), place, None))
    actions = world.actions(task)
    for name, agent in replay.AGENTS.items():
        played = agent(world, task, actions)
        if played.reward != 1.0 or played.went_wrong:
            wrong[f"{domain}: {name}"] = [played.reward, played.went_wrong]
print(json.dumps(wrong))
"""
    assert run(program, tmp_path) == {}


def test_a_replay_without_its_last_write_earns_nothing(tmp_path):
    program = """
import importlib.util
import json
import tau2_replay as replay
world = replay.World("retail")
actions = world.actions(world.tasks[0])
last = max(place for place, action in enumerate(actions) if action.writes)
print(json.dumps(replay.ours(world, world.tasks[0], actions[:last] + actions[last + 1 :]).reward))
"""
    assert run(program, tmp_path) == 0.0


def test_a_task_on_tables_gives_the_right_result_for_fewer_tokens_than_rows_in_the_context(tmp_path):
    program = """
import importlib.util
import json
import heavy
from heavy_tasks import TASKS
wrong = []
task = next(task for task in TASKS if task.name == "penguins' flippers")
count = {name: agent(task, wrong).total for name, agent in heavy.AGENTS.items()}
print(json.dumps([wrong, count[heavy.OURS] < min(count[heavy.JSON], count[heavy.CODEACT])]))
"""
    assert run(program, tmp_path) == [[], True]
