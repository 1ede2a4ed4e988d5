"""Whatever text comes in, a verdict comes out; whatever is wrapped around an attack, it is not allowed."""

from __future__ import annotations

import random
from pathlib import Path

import hypothesmith
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from caveagent_magic.events import Verdict
from caveagent_magic.security import check
from caveagent_magic.security.budget import Budget
from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.policy import Policy

QUICK = {"deadline": None, "suppress_health_check": list(HealthCheck)}
CORPUS = Path(__file__).with_name("corpus")
CELLS = [
    block.partition("\n")[2]
    for path in sorted(CORPUS.glob("*/*.cells"))
    for block in path.read_text("utf-8").split("#%% ")[1:]
]
INTRUDERS = [
    "\x00",
    "\ud800",
    "\u202e",
    "\r",
    "\ufeff",
    "\u200b",
    "(" * 400,
    " " * 200,
    "\\",
    "'''",
    "\n\t \n",
]
INTRUDERS += [
    "'" * 7,
    "0x" + "f" * 900,
    "lambda:" * 90,
    "[" * 90 + "]" * 90,
    "x" * 3000,
    "\N{CYRILLIC SMALL LETTER O}s",
]


@settings(max_examples=20, **QUICK)
@given(hypothesmith.from_node())
def test_any_program_gets_a_verdict(code: str) -> None:
    assert isinstance(check(code, {"df": 1}), Verdict)


@settings(max_examples=60, **QUICK)
@given(st.text(max_size=300))
@example("")
@example("\ud800")
@example("\x00")
@example("x" * 300_000)
@example("x\n" * 5000)
@example("if x:\n" * 200)
@example("".join(" " * depth + "if x:\n" for depth in range(99)))
def test_any_text_gets_a_verdict(code: str) -> None:
    assert isinstance(check(code, {"df": 1}), Verdict)


@settings(max_examples=150, **QUICK)
@given(st.sampled_from(CELLS), st.integers(0, 2**32), st.integers(1, 4))
def test_a_cell_that_was_damaged_gets_a_verdict(cell: str, seed: int, times: int) -> None:
    chance = random.Random(seed)
    for _ in range(times):
        cell = damaged(cell, chance)

    assert isinstance(check(cell, {"df": 1}), Verdict)


def damaged(cell: str, chance: random.Random) -> str:
    """The cell with words left out, doubled, swapped, or with something strange between them."""
    words = cell.split(" ")
    one, other = chance.randrange(len(words)), chance.randrange(len(words))
    match chance.randrange(4):
        case 0:
            del words[one]
        case 1:
            words.insert(other, words[one])
        case 2:
            words[one], words[other] = words[other], words[one]
        case _:
            words.insert(one, chance.choice(INTRUDERS))
    return " ".join(words)


SEEDS = st.sampled_from(
    [
        "os.system('true')",
        "subprocess.run(['true'])",
        "eval('1')",
        "os.remove('x')",
        "open('/etc/passwd')",
        "pickle.loads(b'')",
        "ctypes.CDLL(None)",
        "().__class__.__base__.__subclasses__()",
        "socket.create_connection(('127.0.0.1', 9))",
        "os.environ['HOME']",
        "get_ipython().system('true')",
        "__import__('os').popen('true')",
    ]
)
INLINE = [
    "({})",
    "(lambda: {})()",
    "(lambda a={}: a)()",
    "[{}]",
    "[{} for i in range(1)]",
    "[i for i in range(1) if {}]",
    "{{'k': {}}}",
    "{{{}: 1}}",
    "{{**{{'k': {}}}}}",
    # With a space, or a brace that follows would be an escaped one: text, and nothing runs.
    "f'{{ {} }}'",
    "f'{{1:{{ {} }}}}'",
    "(1 if {} else 2)",
    "(y := {})",
    "print({})",
    "print(*[{}])",
    "print(end={})",
    "(not {})",
    "(1, {})[0:1]",
    "df[{}]",
    "df.head({}).mean()",
    "({} < 3)",
    "(yield_ for yield_ in [{}])",
    "(None or {})",
    "sorted([1], key=lambda _: {})",
]
AROUND = [
    "{}",
    "x = {}",
    "x: int = {}",
    "x: {} = 1",
    "x = [0]\nx[0] = {}",
    "x = 1\nx += {}",
    "def f(a={}): pass",
    "def f():\n    return {}\nf()",
    "def f():\n    def g():\n        return {}\n    return g\nf()()",
    "def f():\n    yield {}\nlist(f())",
    "async def f():\n    return {}",
    "def f() -> {}: pass",
    "@{}\ndef f(): pass",
    "class A:\n    x = {}",
    "class A(B, k={}): pass",
    "class A:\n    def __init__(self): {}\nA()",
    "class A:\n    @property\n    def p(self): return {}\nA().p",
    "if {}:\n    pass",
    "for i in [{}]: pass",
    "while {}: break",
    "try:\n    pass\nfinally:\n    {}",
    "try:\n    1 / 0\nexcept Exception:\n    {}",
    "try:\n    1 / 0\nexcept ({}): pass",
    "with open('a.txt') as f, {}: pass",
    "match {}:\n    case 1: pass",
    "match 1:\n    case _ if {}: pass",
    "match 1:\n    case 1:\n        {}",
    "assert 1, {}",
    "raise ValueError({})",
    "del df[{}]",
    "return_ = lambda: {}\nreturn_()",
    "global x\nx = {}",
]
IMPORTS = "import os, subprocess, pickle, ctypes, socket\n"


@pytest.mark.parametrize("around", AROUND)
@settings(max_examples=12, **QUICK)
@given(SEEDS, st.lists(st.sampled_from(INLINE), max_size=4))
def test_an_attack_is_not_allowed_whatever_is_around_it(around: str, seed: str, inline: list[str]) -> None:
    for shape in inline:
        seed = shape.format(seed)
    code = IMPORTS + around.format(seed)
    verdict = check(code, {"df": 1})

    assert verdict.decision != "allow", code


@pytest.mark.parametrize(
    "code",
    [
        "x = []\n" + "x = [x, x]\n" * 200,
        "x = {}\n" + "x = {'a': x, 'b': x}\n" * 60,
        "from functools import partial\nf = print\n" + "f = partial(f, f)\n" * 60,
        "x = 'a'\n" + "x = f'{x}{x}'\n" * 60 + "x.format(1)",
        "x = str(y)\n" + "x = f'{x}a{x}'\n" * 40 + "open(x)",
        "".join(" " * depth + "for i in x:\n" for depth in range(19)) + " " * 19 + "y = 1",
        "".join(
            f"def f{i}(x):\n    f{i}(x)\n" + "".join(f"    f{j}([x, {j}])\n" for j in range(i))
            for i in range(40)
        )
        + "f39(1)",
        "x = [" + "1," * 99_000 + "]",
        ";".join(["f(x)"] * 40_000),
    ],
)
def test_what_would_take_too_long_is_asked_about(code: str) -> None:
    budget = Budget(clock=lambda: 0.0, most=20_000)  # no clock: steps alone bound the work
    verdict = judge(code, {}, Policy.load(), budget)

    assert budget.steps <= 20_001
    assert verdict.decision == "ask"


def test_when_the_time_is_over_the_rest_is_asked_about() -> None:
    class Clock:
        now = 0.0

        def __call__(self) -> float:
            self.now += 0.01
            return self.now

    late = judge("x = 1\n" * 2000 + "y = 2", {}, Policy.load(), Budget(Clock()))

    assert [finding.code for finding in late.findings] == ["CAVE003"]
    assert late.decision == "ask"
