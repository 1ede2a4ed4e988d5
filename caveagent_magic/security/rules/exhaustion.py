"""Rules about code that would never end or use up the memory."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.security.exhaustion.backtracking import explodes
from caveagent_magic.security.exhaustion.cost import COSTLY
from caveagent_magic.security.exhaustion.references import refers_on
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.sql import adds_for_ever, makes_many
from caveagent_magic.security.sql_joins import crosses
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

WAITING = names("start_event_loop waitforbuttonpress ginput")


ENDLESS = ("while True", "endless for", "a lock that is held already", "a queue that nothing fills")


class NeverEnds(Rule):
    """A loop that nothing ends: the kernel would be busy until it is interrupted."""

    code = "CAVE961"
    capability = "exhaustion"
    message = "may never end: {name}"
    kinds = frozenset({"code", "call"})

    examples = (
        Flagged("while True:\n    pass", name="while True"),
        Flagged(
            "import duckdb\nduckdb.sql('with recursive c(x) as (select 1 union all select x from c) from c')"
        ),
        Flagged("con.execute('select count(*) from t a, t b, t c, t d where a.x < b.x')"),
        Passes("con.execute('select * from a, b, c, d where a.i = b.i and b.j = c.j and c.k = d.k')"),
        Flagged("fig.canvas.start_event_loop(0)", name="start_event_loop"),
        Flagged("n = 0\nwhile n < 10:\n    n = n * 1", name="while True"),
        Flagged("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()", name="a lock"),
        Flagged("import queue\nq = queue.Queue()\nq.put(1)\nq.get()\nq.get()", name="a queue"),
        Passes("from queue import Queue\nq = Queue()\nq.put(1)\nwhile not q.empty():\n    print(q.get())"),
        Passes("n = 1\nwhile n < 10:\n    n = n * 2"),
        Passes("while True:\n    if input_done:\n        break"),
        Passes("for i in range(1000):\n    print(i)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Endless loops, waiting for somebody at a window, and queries that never stop adding rows."""
        if use.kind == "call":
            many = any(map(_unfolds, use.words))
            if use.name.rpartition(".")[2] in WAITING or many:
                yield Hit(shown(name))
            return
        if name in ENDLESS:
            yield Hit(name)


def _unfolds(word: str) -> bool:
    """Whether a text stands for far more than it is long."""
    return adds_for_ever(word) or makes_many(word) or crosses(word) or refers_on(word)


class BacktracksForEver(Rule):
    """Matches with a pattern that can read the same text in very many ways: some texts take it years."""

    code = "CAVE963"
    capability = "exhaustion"
    message = "may take very long: {name} can read the same text in very many ways"
    decides = False
    calls = names("re.* ?.replace ?.match ?.contains ?.extract ?.findall ?.fullmatch ?.extractall ?.split")

    examples = (
        Flagged("import re\nre.match(r'(a+)+$', text)", name="re.match"),
        Flagged("import re\nre.match(r'(a|ab|b)*c', text)", name="re.match"),
        Passes("import re\nre.match(r'(\\w+,)+$', text)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the automaton that the pattern stands for."""
        whole = "fullmatch" in name or name == "re.compile"
        if any(explodes(word, whole) for word in use.words):
            yield Hit(shown(use.names[0]))


class UsesTooMuch(Rule):
    """Asks for more memory or time than an analysis needs."""

    code = "CAVE962"
    capability = "exhaustion"
    message = "would use very much memory or time with {name}"
    kinds = frozenset({"code"})

    examples = (
        Flagged("import numpy as np\nnp.zeros((10**6, 10**6))", name="numpy.zeros"),
        Flagged("x = 'a' * 10**10"),
        Flagged("10 ** 10 ** 10"),
        Flagged("list(range(10**12))", name="list"),
        Flagged("import numpy as np\nx = np.arange(10**6)\nnp.outer(x, x)", name="numpy.outer"),
        Flagged("for i in range(10**5):\n    for j in range(10**5):\n        pass"),
        Passes("import numpy as np\nnp.zeros((1000, 1000))"),
        Passes("x = 2 ** 64"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the estimate of sizes and rounds that goes through the whole cell."""
        if name.startswith(COSTLY):
            yield Hit(name.removeprefix(COSTLY))
