"""Rules about walking through Python's own machinery."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Const, Text
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

HARMLESS = names(
    """
    __name__ __qualname__ __version__ __doc__ __file__ __len__ __init__ __new__ __add__ __sub__ __mul__
    __truediv__ __floordiv__ __mod__ __pow__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __and__ __or__
    __xor__ __not__ __neg__ __abs__ __str__ __repr__ __iter__ __next__ __enter__ __exit__ __contains__
    __getitem__ __setitem__ __delitem__ __hash__ __bool__ __int__ __float__ __radd__ __rsub__ __rmul__
    __matmul__ __invert__ __post_init__ __call__ __all__ __author__ __slots__ __date__ __format__
    __sizeof__ __main__ __class_getitem__ __array__ __copy__ __deepcopy__ __debug__ __license__
    __credits__ __title__ __init_subclass__ __missing__ __set_name__ __replace__
    """
)
FRAMES = names(
    """
    gi_frame gi_code cr_frame cr_code ag_frame ag_code tb_frame tb_next f_globals f_locals f_builtins
    f_back f_code func_globals func_code co_code co_consts co_names mro
    """
)
ADDRESSES = frozenset({"__array_interface__"})
"""Says where the memory of an array is, which is no harm until something is put there."""
_FIELD = pattern(r"\{[^{}]*?[.\[]\s*_|\{[^{}]*__")


class WalksObjects(Rule):
    """Reads an attribute of Python's own machinery, from which every loaded module can be reached."""

    code = "CAVE501"
    capability = "introspection"
    message = "reaches into Python's own machinery with {name}"
    kinds = frozenset({"read", "call", "pass", "store", "code"})

    examples = (
        Flagged("().__class__.__base__.__subclasses__()", name="__subclasses__"),
        Flagged("(lambda: 0).__globals__", name="__globals__"),
        Flagged("'{0.__class__}'.format(df)"),
        Flagged("('{0.__class__}' + 'a' * 3000).replace('a', '').format(df)", name="str.format"),
        Passes("'{:>10} {}'.format(df.shape[0], 'rows').strip()"),
        Flagged("(x for x in ()).gi_frame.f_globals", name="f_globals"),
        Passes("print(type(df).__name__)"),
        Flagged("x.__array_interface__ = {'data': (1, False)}"),
        Passes("print(values.__array_interface__['data'][0])"),
        Passes("print(df.__class__.__name__)"),
        Passes("if __name__ == '__main__':\n    print(np.__version__)"),
        Passes("class A:\n    def __init__(self):\n        super().__init__()"),
    )

    def check(self, use: Use) -> Iterator[Hit]:
        """By the last part of the name, whatever it belongs to."""
        if use.kind == "code":
            if use.names[0] == "a format that walks into objects":
                yield Hit(use.names[0])
            return
        for name in use.names:
            last = name.rpartition(".")[2].removesuffix("[]")
            if name.startswith("__future__"):
                return
            if last in ADDRESSES and use.kind == "read":
                return
            dunder = len(last) > 4 and last.startswith("__") and last.endswith("__") and last not in HARMLESS
            if (dunder and use.detail != "harmless") or (last in FRAMES and name.startswith("?.")):
                if not (use.kind == "pass" and name.startswith("__main__")):
                    yield Hit(shown(last))
                return
        if use.kind == "call" and use.name.rpartition(".")[2] in ("format", "format_map", "vformat"):
            yield from _format_fields(use)


def _format_fields(use: Use) -> Iterator[Hit]:
    """Fields of a format string that walk into objects, and format strings of which a piece is not known."""
    for value in (*use.receiver, *(value for values in use.args[:1] for value in values)):
        if isinstance(value, Text) and None in value.pieces and value in use.receiver:
            yield Hit("str.format")
            return
        pieces = (
            value.pieces if isinstance(value, Text) else (value.value,) if isinstance(value, Const) else ()
        )
        if any(isinstance(piece, str) and _FIELD.search(piece) for piece in pieces):
            yield Hit("str.format")
            return


class InspectsKernel(Rule):
    """Looks into frames, the garbage collector or the dictionaries behind modules and objects."""

    code = "CAVE502"
    capability = "introspection"
    message = "looks into the interpreter with {name}"
    calls = names(
        """
        builtins.globals builtins.locals builtins.vars sys._getframe sys._current_frames
        sys._current_exceptions inspect.* gc.* traceback.walk_stack traceback.extract_stack traceback.*
        dis.* symtable.* tracemalloc.* ctypes.pythonapi.* objgraph.* weakref.getweakrefs
        sys.call_tracing types.GetSetDescriptorType ?._getframe ?.get_objects ?.get_referrers
        ?.get_referents ?.currentframe ?.getmembers ?.walk_tb builtins.object.__getattribute__
        operator.__getattr__ sys.exc_info sys.exception ?.__getattribute__ ?.__reduce_ex__ ?.__reduce__
        logging.Logger.findCaller sys._debugmallocstats pandas.io.common.gc.* string.Formatter.get_field
        ?.get_field
        """
    )
    reads = frozenset(
        ["sys.last_traceback", "sys.last_value", "sys.last_type", "sys.exc_info", "builtins.__dict__"]
    )

    examples = (
        Flagged("globals()['x'] = 1", name="globals"),
        Flagged("import gc\ngc.get_objects()", name="gc.get_objects"),
        Flagged("import sys\nsys._getframe(0).f_back"),
        Passes("import gc\ngc.collect()"),
        Passes("import inspect\ninspect.signature(print)"),
        Passes("import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Names that are known to be harmless are left alone."""
        from caveagent_magic.security.known import harmless

        if not name.startswith(("builtins.", "?.")) and any(
            harmless(each) for each in use.names if not each.startswith("?.")
        ):
            return
        yield Hit(shown(next((each for each in use.names if not each.startswith("?.")), name)))
