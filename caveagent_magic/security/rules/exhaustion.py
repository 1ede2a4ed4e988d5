"""Rules about code that would never end or use up the memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

from caveagent_magic.security.backtracking import explodes
from caveagent_magic.security.cost import COSTLY
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.values import Const, Items, Named, Values
from caveagent_magic.security.vocabulary import names

SIZES = ("periods", "size", "shape", "num", "width", "repeats", "reps")  # keywords that say how many
SQUARE = frozenset(["numpy.eye", "numpy.identity"])
DRAWING = names("?.random ?.normal ?.integers ?.uniform ?.standard_normal ?.choice")  # a tuple is the shape
HUGE = 5 * 10**8  # elements
LONG = 600  # seconds


class NeverEnds(Rule):
    """A loop that nothing ends: the kernel would be busy until it is interrupted."""

    code = "CAVE961"
    capability = "exhaustion"
    message = "may never end: {name}"
    kinds = frozenset({"code"})

    examples = (
        Flagged("while True:\n    pass", name="while True"),
        Passes("while True:\n    if input_done:\n        break"),
        Passes("for i in range(1000):\n    print(i)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Endless loops only."""
        if name in ("while True", "endless for", "doubling"):
            yield Hit(name)


class BacktracksForEver(Rule):
    """Matches with a pattern that can read the same text in very many ways: some texts take it years."""

    code = "CAVE963"
    capability = "exhaustion"
    message = "may take very long: {name} can read the same text in very many ways"
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
    calls = names(
        """
        numpy.zeros numpy.ones numpy.empty numpy.full numpy.arange numpy.linspace numpy.eye
        numpy.random.rand numpy.random.randn builtins.range time.sleep builtins.bytearray
        itertools.repeat itertools.count numpy.random.normal numpy.random.randint numpy.identity
        builtins.str.ljust builtins.str.rjust builtins.str.center builtins.str.zfill ?.ljust ?.rjust
        ?.zfill ?.repeat ?.random ?.normal ?.integers ?.uniform ?.standard_normal ?.choice
        pandas.date_range pandas.period_range pandas.timedelta_range pandas.bdate_range
        builtins.bytes math.factorial numpy.tile numpy.repeat builtins.pow numpy.random.random
        """
    )
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
        """By the size, where it is written out."""
        if use.kind == "code":
            if name.startswith(COSTLY):
                yield Hit(name.removeprefix(COSTLY))
            elif name.startswith("operator.") and len(use.args) == 2 and _explodes(name, *use.args):
                yield Hit(name.removeprefix("operator."))
        elif name == "time.sleep":
            if any(
                isinstance(v, Const) and isinstance(v.value, (int, float)) and v.value > LONG
                for a in use.args
                for v in a
            ):
                yield Hit(name)
        elif name == "math.factorial":
            if any(size > 200_000 for size in map(_size, use.args)):
                yield Hit(name)
        elif name == "itertools.count":
            return
        elif use.kind == "call" and _amount(name, use) > HUGE:
            yield Hit(shown(name))


def _amount(name: str, use: Use) -> float:
    """How many elements the call would make."""
    named = [_size(use.keywords[key]) for key in SIZES if key in use.keywords]
    if named:
        return max(named)
    sizes = [_size(values) for values in use.args] or [1.0]
    together = ("numpy.random.rand", "numpy.random.randn", "numpy.eye", "numpy.identity")
    if name in SQUARE and len(sizes) == 1:
        return sizes[0] ** 2
    if name in DRAWING:
        return max(
            (_size(values) for values in use.args if any(isinstance(v, Items) for v in values)), default=0
        )
    if name in together:
        return math.prod(size for size in sizes if size)
    if name in ("numpy.linspace", "numpy.full"):
        return (
            sizes[2]
            if name == "numpy.linspace" and len(sizes) > 2
            else sizes[0]
            if name == "numpy.full"
            else 0
        )
    return (
        max(sizes) if name not in ("numpy.random.normal", "numpy.random.randint", "numpy.tile") else sizes[-1]
    )


def _size(values: Values) -> float:
    found = 0.0
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            found = max(found, float(min(abs(value.value), 1e300)))
        elif isinstance(value, Items):
            found = max(found, math.prod(_size(inner) or 1.0 for _, inner in value.entries[:8]))
    return found


def _explodes(name: str, left: Values, right: Values) -> bool:
    for first in left:
        for second in right:
            if name == "operator.mult":
                sizes = [_length(side) for side in (first, second)]
                counts = [
                    _size((side,))
                    for side in (first, second)
                    if isinstance(side, Const) and isinstance(side.value, int)
                ]
                each = 8 if isinstance(first, Items) or isinstance(second, Items) else 1  # bytes
                if any(sizes) and counts and max(sizes) * max(counts) * each > HUGE:
                    return True
            elif (
                isinstance(second, Const)
                and isinstance(second.value, int)
                and second.value > 10**6
                and isinstance(first, Const)
            ):
                least = 1 if name == "operator.lshift" else 2
                return isinstance(first.value, int) and abs(first.value) >= least
            elif (
                name == "operator.pow"
                and isinstance(first, Const)
                and not isinstance(second, (Const, Named))
                and _size((first,)) > 1
            ):
                continue
    return False


def _length(value: object) -> int:
    if isinstance(value, Const) and isinstance(value.value, (str, bytes)):
        return len(value.value)
    return max(len(value.entries), 1) if isinstance(value, Items) else 0
