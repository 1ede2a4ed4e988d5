"""What a walk does at an object of each type; decided once per type, without touching an object."""

from __future__ import annotations

import sys
import types
import weakref
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.tensors import is_tensor
from caveagent_magic.rehearsal.undo import attributes, containers, randomness
from caveagent_magic.rehearsal.undo.kept import Kind
from caveagent_magic.rehearsal.undo.polars_state import kind_of_polars

_PYTHON_CLASS = 1 << 9  # tp_flags of what was made at run time
_POINTER = 8
_CONTAINERS = frozenset(base for base, _ in containers.BASES)
_WITHOUT_MORE = _CONTAINERS | {tuple, frozenset}  # no further references
_ATOMS = (
    *(int, float, bool, complex, str, bytes, range, slice, type(None), type(...), type(NotImplemented)),
    *(types.CodeType, types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType),
    *(
        types.MemberDescriptorType,
        types.GetSetDescriptorType,
        types.ModuleType,
        types.ClassMethodDescriptorType,
    ),
    *(weakref.ref, weakref.ReferenceType, types.GenericAlias, types.UnionType, types.MethodWrapperType),
)
# What these hold never changes, or is remembered at another object of theirs.
_IMMUTABLE = frozenset(
    {"datetime", "decimal", "re", "uuid", "zoneinfo", "_thread", "typing", "fractions", "builtins", "types"}
    | {"pyarrow", "pandas", "numpy", "matplotlib", "scipy", "sklearn", "functools", "operator", "_operator"}
    | {"_abc", "weakref", "collections", "_weakref", "_contextvars", "PIL", "cython", "_cython_3_0_0"}
    | {"itertools", "_random", "array", "enum", "abc", "_functools", "_collections", "string", "ast"}
)
_OF_TORCH = frozenset({"torch.dtype", "torch.device", "torch.layout", "torch.memory_format", "torch.Size"})
# The kernel's own: graphs without end that no step is about.
_MACHINERY = frozenset(
    {"IPython", "ipykernel", "ipywidgets", "traitlets", "logging", "asyncio", "threading", "zmq", "comm"}
    | {"caveagent_magic", "jupyter_client", "tornado", "anywidget", "concurrent", "multiprocessing"}
)


@frozen
class Plan:
    """How objects of one type are remembered and looked into."""

    skip: bool = False
    kinds: tuple[Kind, ...] = ()
    is_array: bool = False
    is_tensor: bool = False
    varies: bool = False  # whether an object may need more kinds than these
    referents: bool = False  # whether what C holds is looked into as well
    opaque: str = ""  # the type, where it may hide state from us
    library: bool = False


_plans: dict[type, Plan] = {}  # of libraries' types only: a cache must not keep the person's classes alive


def plan_of(kind: type) -> Plan:
    """The plan for objects of exactly this type."""
    plan = _plans.get(kind)
    if plan is None:
        plan = _planned(kind)
        if not kind.__flags__ & _PYTHON_CLASS or _stays(kind):
            _plans[kind] = plan
    return plan


def _stays(kind: type) -> bool:
    """Whether a class is one of a library's own, which lives as long as its module."""
    name = attributes.module_of(kind)
    if name in sys.builtin_module_names:
        return True
    module = sys.modules.get(name) if package_of(kind) in _IMMUTABLE else None
    return type(module) is types.ModuleType and vars(module).get(attributes.name_of(kind)) is kind


def _planned(kind: type) -> Plan:
    package = package_of(kind)
    if kind in _ATOMS or package in _MACHINERY or issubclass(kind, types.ModuleType):
        return Plan(skip=True)
    if (of_polars := kind_of_polars(kind)) is not None:
        return Plan(kinds=(of_polars,), library=True)
    if package == "polars":
        return Plan(skip=True)
    if kind is types.FunctionType or kind is types.CellType:
        return Plan(kinds=(attributes.CELL,)) if kind is types.CellType else Plan(varies=True)
    if issubclass(kind, type):
        return Plan(varies=True)
    if kind in attributes.POSITIONS:
        return Plan(kinds=(attributes.POSITION,))
    if kind is types.GeneratorType:
        return Plan(kinds=(attributes.GENERATOR,), referents=True)
    if is_tensor(kind):
        return Plan(kinds=_own_attributes(kind), is_tensor=True)
    if attributes.qualified(kind) in _OF_TORCH:
        return Plan(skip=True)
    if _is_array(kind):
        return Plan(kinds=_own_attributes(kind), is_array=True, varies=True, library=package == "numpy")
    kinds = (*_containers(kind), *_of_libraries(kind), *_own_attributes(kind))
    return Plan(
        kinds=kinds,
        referents=not _is_read_whole(kind),
        opaque="" if _is_known(kind) else attributes.qualified(kind).removeprefix("builtins."),
        library=_is_library(kind, package),
    )


def package_of(kind: type) -> str:
    """The top-level package that a class is from."""
    return attributes.module_of(kind).partition(".")[0]


def is_users(kind: type, home: str) -> bool:
    """Whether a class was defined in the notebook."""
    return attributes.module_of(kind) == home and bool(kind.__flags__ & _PYTHON_CLASS)


def _is_array(kind: type) -> bool:
    base = getattr(sys.modules.get("numpy"), "ndarray", None)
    return base is not None and issubclass(kind, base)


def _containers(kind: type) -> tuple[Kind, ...]:
    if kind is dict:
        return (containers.DICT,)
    return next((kinds for base, kinds in containers.BASES if issubclass(kind, base)), ())


def _of_libraries(kind: type) -> tuple[Kind, ...]:
    found = (attributes.of_pandas(base) or randomness.kind_of(base) for base in type.mro(kind))
    return tuple(kind for kind in found if kind is not None)


def _own_attributes(kind: type) -> tuple[Kind, ...]:
    plain = attributes.dictionary_of(kind) is None and not attributes.slots_of(kind)
    return () if plain else (attributes.instance(kind),)


def _is_library(kind: type, package: str) -> bool:
    return package not in ("builtins", "collections", "__main__", "types", "array")


def _is_known(kind: type) -> bool:
    return all(
        (package_of(base) in _IMMUTABLE and not _only_says_builtin(base))
        or base in _CONTAINERS
        or randomness.kind_of(base) is not None
        or (base.__flags__ & _PYTHON_CLASS and _hidden_bytes(base) <= 0)
        for base in type.mro(kind)
    )


def _is_read_whole(kind: type) -> bool:
    """Whether containers, attributes and slots, which are read anyway, show all that its objects refer to."""
    if kind in _WITHOUT_MORE:
        return True
    if kind.__dictoffset__ and attributes.dictionary_of(kind) is None:
        return False
    return all(
        base is object or base in _CONTAINERS or (base.__flags__ & _PYTHON_CLASS and _hidden_bytes(base) <= 0)
        for base in type.mro(kind)
    )


def _only_says_builtin(kind: type) -> bool:
    """Whether it was made at run time: classes written in Rust say that they are from `builtins`."""
    return package_of(kind) == "builtins" and bool(kind.__flags__ & _PYTHON_CLASS)


def _hidden_bytes(kind: type) -> int:
    """How much larger its objects are than its base's, beyond what its Python attributes take."""
    base: Any = kind.__base__
    if base is None:
        return 0
    own = attributes.names_in(kind)
    slots = sum(type(member) is types.MemberDescriptorType for member in own.values())
    pointers = slots + ("__dict__" in own) + ("__weakref__" in own)
    return kind.__basicsize__ - int(base.__basicsize__) - _POINTER * pointers
