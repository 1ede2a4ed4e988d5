"""Folding of expressions over constants, so that `'sys' + 'tem'` hides nothing."""

from __future__ import annotations

import base64
import binascii
import codecs
import itertools
import operator
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import (
    DATA,
    Const,
    Instance,
    Items,
    Text,
    Value,
    Values,
    constants,
    join,
)
from caveagent_magic.security.vocabulary import names

LONGEST = 100_000  # characters or bits of anything that is folded
MOST_PIECES = 64  # of a text of which some are known
MOST = 64  # combinations of possible values

BINARY: Mapping[str, Callable[[object, object], object]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "Mod": operator.mod,
    "FloorDiv": operator.floordiv, "Div": operator.truediv, "BitXor": operator.xor, "BitOr": operator.or_,
    "BitAnd": operator.and_, "LShift": operator.lshift, "RShift": operator.rshift, "Pow": operator.pow,
}  # fmt: skip
METHODS = names(
    """
    capitalize casefold center count decode encode endswith expandtabs find format hex index isalpha
    isdigit join ljust lower lstrip partition removeprefix removesuffix replace rfind rjust rpartition
    rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill fromhex
    to_bytes from_bytes
    """
)
GIVE_TEXT = names(
    """
    capitalize casefold center expandtabs format_map join ljust lower lstrip removeprefix removesuffix
    replace rjust rstrip strip swapcase title translate upper zfill
    """
)
"""The methods that hand on what is in a text; what `format` gives is seldom a format again."""
FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "builtins.chr": chr, "builtins.ord": ord, "builtins.str": str, "builtins.int": int,
    "builtins.bytes": bytes, "builtins.len": len, "builtins.hex": hex, "builtins.repr": repr,
    "builtins.float": float, "builtins.bytes.fromhex": bytes.fromhex, "builtins.str.lower": str.lower,
    "builtins.ascii": ascii, "base64.b64decode": base64.b64decode, "base64.b32decode": base64.b32decode,
    "binascii.unhexlify": binascii.unhexlify, "base64.b85decode": base64.b85decode,
    "base64.b16decode": base64.b16decode, "binascii.a2b_base64": binascii.a2b_base64,
    "codecs.decode": codecs.decode, "unicodedata.normalize": unicodedata.normalize,
    "builtins.bool": bool, "base64.standard_b64decode": base64.standard_b64decode,
    "base64.urlsafe_b64decode": base64.urlsafe_b64decode, "unicodedata.lookup": unicodedata.lookup,
    "builtins.abs": abs, "builtins.round": round,
}  # fmt: skip
_WIDTH = pattern(r"\d{4,}|\{[^}]*\{")
_PERCENT_WIDTH = pattern(r"%(?:\([^)%]*\))?[-+ #0]*(?:\*|\d{4,}|\d*\.(?:\*|\d{4,}))")
CODECS = names(
    """
    utf-8 utf8 ascii us-ascii latin-1 latin1 iso-8859-1 iso8859-1 utf-16 utf-16-le utf-16-be utf-32
    utf-32-le utf-32-be utf-7 cp1252 cp437 cp500 cp037 rot13 rot-13 hex hex-codec base64 base64-codec
    unicode-escape raw-unicode-escape punycode idna strict ignore replace backslashreplace
    surrogateescape surrogatepass xmlcharrefreplace
    """
)
"""Known by Python itself, and none of them unpacks: others may be somebody's own function."""
TAKES_CODEC = frozenset({"encode", "decode", "codecs.decode", "builtins.str", "builtins.bytes"})
FAULTS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, MemoryError)


def binary(kind: str, left: Values, right: Values) -> Values:
    """`left <op> right` for all combinations."""
    work = BINARY.get(kind)
    if work is None:
        return DATA
    return combine(lambda a, b: _binary(kind, work, a, b), left, right)


def combine(work: Callable[..., Value | None], *arguments: Values) -> Values:
    """The results of every combination of possible values; DATA where one is not known."""
    found: list[Values] = []
    for chosen in itertools.islice(itertools.product(*arguments), MOST):
        value = work(*chosen)
        found.append(DATA if value is None else (value,))
    return join(*found) if found else DATA


def _binary(kind: str, work: Callable[[object, object], object], left: Value, right: Value) -> Value | None:
    if isinstance(left, Const) and isinstance(right, Const):
        if not _small(kind, left.value, right.value):
            return Text((None,)) if _textual(left) or _textual(right) else None
        return _const(work, left.value, right.value)
    if kind == "Div" and isinstance(left, Instance) and left.of.startswith("pathlib."):
        return Instance(left.of, about=path(left.about, right))
    if kind == "Div" and isinstance(right, Instance) and right.of.startswith("pathlib."):
        return Instance(right.of, about=path(left, right.about))
    if kind == "Add" and (isinstance(left, (Const, Text)) or isinstance(right, (Const, Text))):
        if all(_textual(side) for side in (left, right)):
            return text([left, right])
        texts_ = [side for side in (left, right) if _textual(side)]
        return text([left, right]) if texts_ else None
    if kind == "Mod" and isinstance(left, Const) and isinstance(left.value, str):
        return Text((left.value.split("%")[0], None))
    return None


def _textual(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str))


def _small(kind: str, left: object, right: object) -> bool:
    if kind == "Pow":
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        return numbers and abs(right) < 600 and abs(left) < 1e6  # type: ignore[arg-type]
    if kind == "LShift":
        return isinstance(right, int) and right < 256
    if kind == "Mult":
        sizes = [len(side) for side in (left, right) if isinstance(side, (str, bytes))]
        counts = [side for side in (left, right) if isinstance(side, int)]
        return not sizes or not counts or sizes[0] * counts[0] < LONGEST
    if kind == "Mod" and isinstance(left, (str, bytes)):
        form = left if isinstance(left, str) else left.decode("latin-1")
        return len(form) <= LONGEST and not _PERCENT_WIDTH.search(form)
    return True


def _const(work: Callable[..., object], *arguments: object) -> Value | None:
    try:
        value = work(*arguments)
    except FAULTS:
        return None
    return Text((None,)) if isinstance(value, str) and len(value) > LONGEST else const(value)


def const(value: object) -> Value | None:
    """The value, if it is a constant of bearable size."""
    if isinstance(value, (str, bytes)) and len(value) > LONGEST:
        return None
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return None
    if (
        isinstance(value, (list, tuple))
        and len(value) <= MOST
        and all(isinstance(item, (str, bytes)) for item in value)
    ):
        return Items("list", tuple((index, (Const(item),)) for index, item in enumerate(value)))
    return Const(value) if isinstance(value, (str, bytes, int, float, bool, type(None))) else None


def text(parts: list[Value]) -> Value:
    """Strings joined: a constant if all are known."""
    pieces: list[str | None] = []
    for part in parts:
        found: tuple[str | None, ...] = (None,)
        if isinstance(part, Const):
            found = (_written(part.value),)
        elif isinstance(part, Text):
            found = part.pieces
        elif isinstance(part, Instance) and isinstance(part.about, Const):
            found = (str(part.about.value),)
        for piece in found:
            if piece is not None and pieces and pieces[-1] is not None:
                pieces[-1] = str(pieces[-1]) + piece
            else:
                pieces.append(piece)
        if len(pieces) > MOST_PIECES or sum(len(piece or "") for piece in pieces) > LONGEST:
            return Text((None,))
    if all(piece is not None for piece in pieces):
        return Const("".join(str(piece) for piece in pieces))
    return Text(tuple(pieces))


def formatted(form: Value, args: Sequence[Values], keywords: Mapping[str, Values]) -> Value | None:
    """What `form.format(…)` gives, as far as its pieces are known; None where the form is not."""
    if not isinstance(form, Const) or not isinstance(form.value, str) or len(form.value) > LONGEST:
        return None
    parts: list[Value] = []
    try:
        fields = list(string.Formatter().parse(form.value))
    except ValueError:
        return None
    for number, (literal, name, width, conversion) in enumerate(fields):
        parts.append(Const(literal))
        if name is not None:
            values = keywords.get(name, ())
            place = int(name) if name.isdecimal() else number if not name else len(args)
            values = args[place] if place < len(args) else values
            plain = len(values) == 1 and not (width or conversion) and isinstance(values[0], (Const, Text))
            parts.append(values[0] if plain else Text((None,)))
    return text(parts)


def _written(value: object) -> str | None:
    try:
        return str(value)
    except ValueError:  # a number with more digits than Python writes out
        return None


def path(left: Value | None, right: Value | None) -> Value:
    """Two parts of a path put together as pathlib and `os.path.join` do."""
    if isinstance(right, Instance):
        right = right.about
    if isinstance(left, Instance):
        left = left.about
    if isinstance(right, (Const, Text)) and _begins(right).startswith(("/", "\\")):
        return right
    parts: list[Value] = [part for part in (left, Const("/"), right) if part is not None]
    if left is None or right is None:
        return Text((_begins(left) if isinstance(left, (Const, Text)) else None, None))
    return text(parts)


def _begins(value: Const | Text) -> str:
    return value.prefix if isinstance(value, Text) else str(value.value)


def method(receiver: Values, name: str, arguments: list[Values]) -> Values | None:
    """A method of a constant; None where it cannot be folded."""
    if name == "join" and len(arguments) == 1:
        arguments = [_listed_text(arguments[0], receiver)]
        if constants(arguments[0]) is not None:
            return arguments[0]
    known = constants(receiver)
    if known is None or name not in METHODS or len(arguments) > 4:
        return None
    rows = [constants(values) for values in arguments]
    if any(row is None for row in rows) or not all(
        _short(value) for row in (known, *rows) for value in row or ()
    ):
        return None
    if name in TAKES_CODEC and not _known_codecs(rows):
        return None
    return combine(
        lambda owner, *given: _const(lambda: getattr(owner.value, name)(*(item.value for item in given))),
        receiver,
        *arguments,
    )


def _listed_text(values: Values, receiver: Values) -> Values:
    """`receiver.join(values)`, where both are known."""
    rows = [row.entries for row in values if isinstance(row, Items)]
    between = constants(receiver)
    if not all(row.ordered for row in values if isinstance(row, Items)):
        return values
    if len(values) != 1 or len(rows) != 1 or between is None or len(between) != 1 or len(rows[0]) > MOST:
        return values
    words = [constants(inner) for _, inner in rows[0]]
    if not all(found is not None and len(found) == 1 and isinstance(found[0], str) for found in words):
        return values
    joined = str(between[0]).join(str(found[0]) for found in words if found)
    return (Const(joined),) if isinstance(between[0], str) and len(joined) <= LONGEST else values


def _short(value: object) -> bool:
    """Whether no method can blow it up: a format string may hold a width."""
    if isinstance(value, (str, bytes)):
        return len(value) <= 2000 and not ("{" in str(value) and _WIDTH.search(str(value)))
    return not isinstance(value, int) or abs(value) <= 2000


def function(name: str, arguments: list[Values]) -> Values | None:
    """A pure builtin over constants; None where it cannot be folded."""
    work = FUNCTIONS.get(name)
    if work is None or not arguments or any(constants(values) is None for values in arguments):
        return None
    if not all(
        _short(value) or name == "builtins.len" for values in arguments for value in constants(values) or ()
    ):
        return None
    if name in TAKES_CODEC and not _known_codecs([constants(values) for values in arguments[1:]]):
        return None
    return combine(lambda *given: _const(work, *(item.value for item in given)), *arguments)


def _known_codecs(rows: Iterable[list[object] | None]) -> bool:
    words = [value for row in rows for value in row or () if isinstance(value, str)]
    return all(word.lower().replace("_", "-") in CODECS for word in words)
