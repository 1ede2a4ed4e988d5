"""Reading numpy's, pandas' and polars' objects, without importing them or calling what users override."""

from __future__ import annotations

import sys
import types
from typing import Any, cast

from caveagent_magic.frozen import frozen

_MOST_COLUMNS = 2000
_MOST_CELLS = 1_000_000  # of a frame in which nulls are counted
_VALUES = frozenset({int, float, bool, str, type(None)})
_SHOWN, _MOST_BITS = 30, 1000
_DATES = frozenset(
    {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta"}
    | {"pandas.Timestamp", "pandas.Timedelta"}
)
_SCALARS = frozenset(
    {"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone"}
    | {"decimal.Decimal", "fractions.Fraction", "uuid.UUID", "pathlib.PosixPath", "pathlib.WindowsPath"}
    | {"pandas.Timestamp", "pandas.Timedelta", "pandas.Period", "pandas.NaTType", "pandas.NAType"}
)
_SIMPLE = "biufcmM"  # kinds of dtype whose code tells all, and of which there are few
_names: dict[str, str] = {}  # by that code
_OF_C = (types.GetSetDescriptorType, types.MemberDescriptorType)  # all others run code of the class


@frozen
class ArrayFacts:
    """A numpy array as seen by `numpy.ndarray` itself."""

    array: Any
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    itemsize: int
    nbytes: int
    address: int
    has_objects: bool

    def content(self) -> bytes:
        """All its bytes."""
        return cast("bytes", sys.modules["numpy"].ndarray.tobytes(self.array))

    def memory(self) -> memoryview:
        """The same, not copied where they lie in one piece."""
        base = sys.modules["numpy"].ndarray
        return memoryview(base.view(base.ravel(base.view(self.array, base)), "u1"))

    def elements(self) -> list[object]:
        """Its elements, in one row."""
        base = sys.modules["numpy"].ndarray
        return cast("list[object]", base.tolist(base.ravel(self.array)))


@frozen
class Table:
    """The outline of a frame."""

    rows: int
    columns: dict[str, str]  # name to type
    index: str = ""  # its type and names
    nulls: dict[str, int] | None = None  # by column; None: not counted


def array_facts(thing: object, kind: type) -> ArrayFacts | None:
    """What is known of a numpy array; None: it is none."""
    base = _class("numpy", "ndarray")
    if base is None or not issubclass(kind, base):
        return None

    own = base.__dict__
    dtype, address = own["dtype"].__get__(thing), own["__array_interface__"].__get__(thing)["data"][0]
    has_objects = dtype.hasobject and dtype.names is None
    shape, strides, nbytes = (own[name].__get__(thing) for name in ("shape", "strides", "nbytes"))
    return ArrayFacts(thing, shape, strides, _name_of(dtype), dtype.itemsize, nbytes, address, has_objects)


def _name_of(dtype: Any) -> str:
    """As numpy writes it, which takes as long as all else of a small array; two of one code have one name."""
    if dtype.kind not in _SIMPLE:
        return str(dtype)
    code: str = dtype.str
    if code not in _names:
        _names[code] = str(dtype)
    return _names[code]


def frame_manager(thing: object, kind: type) -> Any:
    """What holds the columns of a pandas frame or series; None: it is neither."""
    classes = (_class("pandas", "DataFrame"), _class("pandas", "Series"))
    if not any(base is not None and issubclass(kind, base) for base in classes):
        return None
    return (instance_dictionary(thing, kind) or {}).get("_mgr")


def table_of(thing: object, count_nulls: bool = False) -> Table | None:
    """The outline of a pandas or polars frame; None: it is neither, or too wide."""
    for library in ("pandas", "polars"):
        base = _class(library, "DataFrame")
        if base is not None and issubclass(type(thing), base):
            rows, width = base.shape.fget(thing)
            if width > _MOST_COLUMNS:
                return None
            names, dtypes = base.columns.__get__(thing), base.dtypes.fget(thing)
            columns = {_label(name): str(dtype) for name, dtype in zip(names, dtypes, strict=True)}
            if library == "polars":
                return Table(rows, columns)
            counted = count_nulls and rows * width <= _MOST_CELLS
            nulls = _nulls_of(thing, list(columns)) if counted and len(columns) == width else None
            return Table(rows, columns, _index_of(thing), nulls)
    return None


def column_of(thing: object, kind: type) -> tuple[str, str, int] | None:
    """Name, type and length of a series of polars; None: it is none."""
    base = _class("polars", "Series")
    if base is None or not issubclass(kind, base):
        return None
    return base.name.fget(thing), str(base.dtype.fget(thing)), base.len(thing)


def scalar_text(thing: Any, kind: type) -> str | None:
    """All that a date, a decimal, a number of numpy's or the like holds; None: it is no such value."""
    generic = _class("numpy", "generic")
    if generic is not None and issubclass(kind, generic) and package_of(kind) == "numpy":
        return f"{kind.__name__} {thing.dtype} {thing.tobytes()!r}" if not thing.dtype.hasobject else None
    return repr(thing) if f"{package_of(kind)}.{kind.__name__}" in _SCALARS else None


def short_value(thing: Any) -> str:
    """A number, a text or a date as it is written, cut to 30 characters; empty: it is no such value."""
    kind = type(thing)
    if kind is int and thing.bit_length() > _MOST_BITS:
        return ""  # Python refuses to write it
    text = repr(thing[:_SHOWN] if kind is str else thing) if kind in _VALUES or _is_date(kind) else ""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _is_date(kind: type) -> bool:
    return f"{package_of(kind)}.{kind.__name__}" in _DATES


def class_dictionary(kind: type) -> dict[str, object]:
    """What a class itself defines, read past its metaclass."""
    return dict(type.__dict__["__dict__"].__get__(kind))


def instance_dictionary(thing: object, kind: type) -> dict[str, object] | None:
    """The object's own attributes; None where it has none, or its class hides them behind code."""
    for base in type.mro(kind):
        descriptor = type.__dict__["__dict__"].__get__(base).get("__dict__")
        if descriptor is not None:
            found = descriptor.__get__(thing) if type(descriptor) in _OF_C else None
            return found if type(found) is dict else None
    return None


def module_name(module: types.ModuleType) -> str:
    """The full name of a module, read past any `__getattr__` of its own."""
    return str(cast("Any", types.ModuleType).__dict__["__dict__"].__get__(module).get("__name__"))


def package_of(kind: type) -> str:
    """The top-level package that a class was defined in."""
    try:
        module = type.__dict__["__module__"].__get__(kind)  # of a class of C it is not in the dictionary
    except AttributeError:
        return ""
    return module.partition(".")[0] if isinstance(module, str) else ""


def _index_of(frame: Any) -> str:
    """Such as "DatetimeIndex 'day'"."""
    index = frame_manager(frame, type(frame)).axes[-1]
    names = ", ".join(repr(_label(name)) for name in index.names if name is not None)
    kind = type(index).__name__.replace("RangeIndex", "Index")  # any choice of rows makes the one the other
    return f"{kind} {names}".rstrip()


def _nulls_of(frame: Any, columns: list[str]) -> dict[str, int] | None:
    """How many values each column lacks; None: a column is of a kind that is not pandas' own."""
    counts: dict[str, int] = {}
    for block in frame_manager(frame, type(frame)).blocks:
        values = block.values
        if package_of(type(values)) != "pandas" and array_facts(values, type(values)) is None:
            return None
        absent = sys.modules["pandas"].isna(values)
        sums = absent.sum(axis=-1).reshape(-1).tolist()
        counts |= zip((columns[place] for place in block.mgr_locs.as_array.tolist()), sums, strict=True)
    return counts


def _label(name: object) -> str:
    return str(name) if type(name) in (str, int, float, tuple) else type(name).__name__


def _class(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)
