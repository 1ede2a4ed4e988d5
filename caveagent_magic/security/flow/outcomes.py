"""What calls give: what is known of containers, views, paths and results of libraries."""

from __future__ import annotations

import ast
import dataclasses

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow import fold
from caveagent_magic.security.flow.carried import carries
from caveagent_magic.security.flow.containers import ADDING
from caveagent_magic.security.flow.endless import is_endless
from caveagent_magic.security.flow.own import Own
from caveagent_magic.security.flow.places import moved
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.results import RESULTS
from caveagent_magic.security.flow.shared import taken_from_library
from caveagent_magic.security.flow.values import (
    DATA,
    MADE,
    MISSING,
    MOST_VALUES,
    Bound,
    Const,
    Function,
    Instance,
    Items,
    Named,
    Text,
    Value,
    Values,
    constants,
    join,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.still import is_a
from caveagent_magic.security.vocabulary import names

FIELD = pattern(r"\{([^{}:!]*[.\[][^{}:!]*)")
PART = pattern(r"^[^.\[]+|\.\w+|\[[^\]]*")
LISTING = names("pathlib.Path.glob pathlib.Path.rglob pathlib.Path.iterdir")
VIEWS = names(
    """
    asarray asanyarray ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d ravel reshape view
    squeeze transpose swapaxes moveaxis expand_dims broadcast_to flip frombuffer diagonal
    """
)
"""What gives another array over the same memory."""
HOLDING = ("sklearn.", "imblearn.", "joblib.", "dask.")
"""Libraries whose functions, too, give objects that hold on to what they are given."""
FUNCTIONS = names("derivative antiderivative deriv integ")
"""Methods of splines and polynomials that give another one."""
READING_TEXTS = names("build_analyzer build_tokenizer build_preprocessor")
"""Methods of scikit-learn that give the function with which an object takes texts apart."""
TELLING = ("scipy.", "pandas.", "?.apply")
"""Functions that give the functions they call what is in `args`, behind their own arguments."""
UNMAKING = ("builtins.", "IPython.", "typing.", "inspect.", "abc.")
"""What makes no other objects of the classes that it is given, unless it is followed."""
GOING_THROUGH = (
    "itertools.", "statistics.", "math.", "heapq.", "random.", "numpy.", "pandas.", "polars.", "pyarrow.",
    "collections.", "concurrent.", "multiprocessing.", "joblib.",
)  # fmt: skip
"""Libraries whose functions go through all of an iterable that they are given."""
GIVING_TABLES = names(
    """
    sql query table view from_df from_query from_arrow from_csv_auto from_parquet read_csv read_json values
    read_parquet table_function filter project select aggregate order sort limit distinct join union except_
    intersect set_alias cross
    """
)
"""Methods of duckdb that give a table which still belongs to the connection."""
LEAVING_ALONE = names("itertools.cycle itertools.repeat itertools.islice itertools.takewhile")
TAKING = names("get pop values items copy popitem keys union")


class Outcomes(Own):
    """Works out what a call gives that is not followed."""

    def _made_with(self, name: str, receiver: Values, given: Given) -> Instance:
        """An object that may hold on to what it is made with."""
        inside = (receiver, *given.args, *given.keywords.values())
        carried = any(carries(each, self.is_own_class, self.held_by) for each in inside)
        return Instance(name, carries=carried)

    def _outcome(self, callee: Named, name: str, receiver: Values, given: Given) -> Values:
        """What a call gives that is not followed."""
        method = name.rpartition(".")[2]
        owner = callee.receiver
        if isinstance(owner, Named) and (shared := taken_from_library(owner, method, given.args)):
            return shared
        if isinstance(callee.receiver, Items):
            return self._use_container(callee.receiver, method, given)
        if name == "builtins.str.format":
            self._walk_fields(receiver, given)
        folded = fold.method(receiver, method, list(given.args)) if receiver and not given.keywords else None
        folded = folded or (fold.function(name, list(given.args)) if not given.keywords else None)
        if folded is not None:
            return folded
        if name == "builtins.str.format" and not given.open_ended:
            pieces = [fold.formatted(form, given.args, given.keywords) for form in receiver]
            self._hand_all(given)
            return tuple(dict.fromkeys(DATA[0] if each is None else each for each in pieces))
        self._hand_all(self._called_with(given) if name.startswith(TELLING) else given)
        if name.startswith(GOING_THROUGH) and name not in LEAVING_ALONE and any(map(is_endless, given.args)):
            self.record("code", ("endless for",), given.node)
        if not name.startswith(UNMAKING) and method not in ADDING:
            self.give(name, given)
        if name.startswith("builtins.str.") and method in fold.GIVE_TEXT:
            return (Text((None,)),)
        if name in LISTING:
            return _listed_paths(receiver, given)
        if method in VIEWS and Instance(live.MAPPED) in map(_kind_only, (*receiver, *_first(given))):
            return (Instance(live.MAPPED),)
        if name in RESULTS or callee.name in RESULTS:
            return (Instance(RESULTS.get(name) or RESULTS[callee.name]),)
        path = moved(receiver, method, given.args)
        if path is not None:
            return path
        if method in GIVING_TABLES and any(map(_is_of_duckdb, receiver)):
            return (Instance("_duckdb.DuckDBPyRelation"),)
        made = self._made_with(name, receiver, given)
        if _makes(callee, name) or (made.carries and name.startswith(HOLDING)):
            return (made,)
        if (
            method == "to_html"
            and not {"escape", "render_links"} & set(given.keywords)
            and not given.open_ended
        ):
            return (Instance("builtins.html"),)
        if receiver == MISSING and method not in TAKING:
            return MISSING
        if (method in FUNCTIONS and name.startswith(("numpy.", "scipy."))) or method in READING_TEXTS:
            return MADE
        of_object = name.startswith("?.") or isinstance(callee.receiver, Instance)
        return DATA if of_object else MADE

    def _called_with(self, given: Given) -> Given:
        """What is left to hand over once functions were called with what `args` says."""
        told = given.keywords.get("args", ())
        known = [value for value in told if isinstance(value, Items) and value.ordered]
        if len(known) != 1 or len(told) != 1:
            return given
        last = tuple(values for _, values in known[0].entries)
        others: list[Values] = []
        for values in given.args:
            functions = [value for value in values if isinstance(value, (Function, Bound)) or _is_own(value)]
            for function in functions:
                self.call_back(function, given.node, last)
            others.append(tuple(value for value in values if value not in functions))
        return given.but(args=tuple(others))

    def _use_container(self, owner: Items, method: str, given: Given) -> Values:
        """What a method of a container gives, and does to what it holds."""
        self.alter(owner, method, given)
        owner = self.now_of(owner)
        func = given.node.func if isinstance(given.node, ast.Call) else None
        of_a_name = isinstance(func, ast.Name) or isinstance(getattr(func, "value", None), ast.Name)
        if method in TAKING:
            return self._take(owner, method, given)
        if method not in ADDING or not of_a_name:
            self._hand_all(given)
        return DATA

    def spread(self, values: Values, node: ast.AST) -> Values:
        """What a container gets of another one."""
        inside = join(*(value.contents for value in values if isinstance(value, Items)))
        others = tuple(value for value in values if not isinstance(value, Items))
        return join(inside, self.elements(others, node) if others else ())

    def _walk_fields(self, receiver: Values, given: Given) -> None:
        """`'{0.a.b}'.format(x)` reads `x.a.b`."""
        for text in constants(receiver) or ():
            for number, field in enumerate(FIELD.findall(str(text))):
                first, *path = PART.findall(field) or [""]
                if first[:1] in (".", "["):
                    first, path = "", [first, *path]
                place = int(first) if first.isdecimal() else number
                found = given.keywords.get(first) or (given.args[place] if place < len(given.args) else ())
                for part in path:
                    if part[0] == "." and found:
                        found = self.attribute(found, part[1:], given.node)
                    elif found:
                        found = join(*(self.item(each, fold_key(part[1:]), given.node) for each in found))

    def _take(self, owner: Items, method: str, given: Given) -> Values:
        if method in ("get", "pop"):
            default = given.args[1] if len(given.args) > 1 else ()
            if default and method == "get" and _lacks(owner, given.args[0]):
                return default
            return (
                join(self.item(owner, given.args[0], given.node) if given.args else owner.contents, default)
                or DATA
            )
        if method == "items":
            rows = [(_key(key), values) for key, values in owner.entries]
            if len(rows) > MOST_VALUES:  # any value may belong to any key
                rows = [(join(*(key for key, _ in rows)), owner.contents)]
            pairs = (Items("tuple", tuple(enumerate(row))) for row in rows)
            return (Items("list", tuple((None, (pair,)) for pair in pairs)),)
        if method == "values":
            return (Items("list", tuple((None, values) for _, values in owner.entries)),)
        return self.elements((owner,), given.node) if method == "popitem" else (_copied(owner),)


def _lacks(owner: Items, keys: Values) -> bool:
    """Whether all that a dictionary holds is known, and none of it goes by the key."""
    wanted = constants(keys)
    known = {id(type(key)) for key, _ in owner.entries} <= {id(str), id(int)} and bool(owner.place)
    return owner.kind == "dict" and known and wanted is not None and not _any_of(owner, wanted)


def _any_of(owner: Items, wanted: list[object]) -> bool:
    return any(key in wanted for key, _ in owner.entries)


def _copied(owner: Items) -> Items:
    """Another container that holds the same."""
    return dataclasses.replace(owner, place=0)


def _is_own(value: Value) -> bool:
    return isinstance(value, Named) and value.live is not None and own_code(value.live.obj)


def _is_of_duckdb(value: Value) -> bool:
    """Whether it is a live connection or table of duckdb, which may be over a file, or a table of one."""
    if not isinstance(value, Instance) or not value.of.startswith("_duckdb."):
        return False
    return value.live is not None or value.of == "_duckdb.DuckDBPyRelation"


def _makes(callee: Named, name: str) -> bool:
    """Whether calling it gives an object of the class that it is."""
    if name.startswith(("builtins.", "?.")):
        return False
    if callee.live is not None:
        return is_a(callee.live.obj, type)
    return name.rpartition(".")[2][:1].isupper() and not callee.module


def _listed_paths(folders: Values, given: Given) -> Values:
    """The paths in a folder, where the pattern cannot leave it."""
    known = constants(_first(given)) if given.args else []
    inside = known is not None and not any(".." in str(pattern) for pattern in known)
    found = [_below(value.about) if isinstance(value, Instance) else None for value in folders]
    if not inside or given.keywords or not all(found):
        return (Instance("paths", about=Instance("pathlib.Path")),)
    return tuple(Instance("paths", about=Instance("pathlib.Path", about=each)) for each in found)


def _below(folder: Value | None) -> Text | None:
    """What the paths in a folder begin with."""
    if isinstance(folder, Text):
        return Text((*folder.pieces, "/", None))
    known = folder.value if isinstance(folder, Const) else None
    return (
        Text((f"./{known}/" if not known.startswith(("/", "~")) else f"{known}/", None))
        if isinstance(known, str)
        else None
    )


def _first(given: Given) -> Values:
    return given.args[0] if given.args else ()


def _kind_only(value: Value) -> Value:
    return Instance(value.of) if isinstance(value, Instance) else value


def fold_key(text: str) -> Values:
    """The key in a field of a format string."""
    return (Const(int(text) if text.isdecimal() else text),)


def _key(key: object | None) -> Values:
    value = fold.const(key) if key is not None else None
    return (value,) if value is not None else DATA
