"""What calls do: what can be followed is followed, the others are noted."""

from __future__ import annotations

import ast
import dataclasses
import re
import types

from caveagent_magic.security.flow import fold
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.carried import carries
from caveagent_magic.security.flow.containers import ADDING
from caveagent_magic.security.flow.endless import is_endless
from caveagent_magic.security.flow.iterating import drained
from caveagent_magic.security.flow.own import Own
from caveagent_magic.security.flow.parameters import parameters
from caveagent_magic.security.flow.places import moved
from caveagent_magic.security.flow.reader import Given, names_of
from caveagent_magic.security.flow.results import RESULTS
from caveagent_magic.security.flow.shared import SHARED, changed_for_all, taken_from_library
from caveagent_magic.security.flow.specials import SPECIALS
from caveagent_magic.security.flow.values import (
    DATA,
    MADE,
    MISSING,
    MOST_VALUES,
    Bound,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Ref,
    Text,
    Value,
    Values,
    constants,
    join,
    texts,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.callbacks import loggers, of_open_figures
from caveagent_magic.security.objects.native import ASKING
from caveagent_magic.security.objects.still import is_a
from caveagent_magic.security.reach import reach
from caveagent_magic.security.sql import calls_more_than_duckdb
from caveagent_magic.security.vocabulary import names

CALLED = re.compile(r"\b([^\W\d]\w*)\s*\(")
FIELD = re.compile(r"\{([^{}:!]*[.\[][^{}:!]*)")
PART = re.compile(r"^[^.\[]+|\.\w+|\[[^\]]*")
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
ENDING = names("commit rollback close executescript __enter__ __exit__")
"""Methods of a connection that write down what is pending, or give it up."""
LEAVING_ALONE = names("itertools.cycle itertools.repeat itertools.islice itertools.takewhile")
TAKING_ALL = names("join extend update fromkeys extendleft writelines union")
"""Methods that go through all of an iterable."""
TAKING = names("get pop values items copy popitem keys union")


class Calls(Own):
    """Works out calls."""

    def call(self, node: ast.Call, scope: Scope) -> Values:
        """What a call gives."""
        callees = self.values(node.func, scope)
        given = self._given(node, scope)
        return join(*(self.call_value(callee, given) for callee in callees)) if callees else DATA

    def _given(self, node: ast.Call, scope: Scope) -> Given:
        args: list[Values] = []
        open_ended = False
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                several = self.values(arg.value, scope)
                if len(several) == 1 and isinstance(several[0], Items) and several[0].kind != "dict":
                    held = several[0]
                    args += [values if held.ordered else held.contents for _, values in held.entries]
                    continue
                open_ended = True
                self.all_of(several, arg)
            else:
                args.append(self.values(arg, scope))
        keywords: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.values(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = values
                continue
            known = [
                value
                for value in values
                if isinstance(value, Items) and all(isinstance(k, str) for k, _ in value.entries)
            ]
            if len(known) != len(values):
                open_ended = True
                self.hand_over(values, keyword.value)
                self.hand_over(self.attribute(values, "keys", keyword.value), keyword.value)
            for value in known:
                keywords |= {str(key): inner for key, inner in value.entries}
        return Given(node, scope, tuple(args), keywords, open_ended)

    def call_value(self, callee: Value, given: Given) -> Values:
        """What calling one of the possible callees gives."""
        if isinstance(callee, Named):
            return self._call_named(callee, given)
        if isinstance(callee, Bound):
            merged = {**dict(callee.keywords), **given.keywords}
            return self.call_value(
                callee.function, given.but(args=(*callee.first, *given.args), keywords=merged)
            )
        if isinstance(callee, Function):
            return self.follow(callee, given)
        if isinstance(callee, Class):
            return self._make(callee, given)
        if isinstance(callee, Instance):
            return self._call_instance(callee, given)
        self._hand_all(given)
        if isinstance(callee, Made):
            method = self._class_attribute(callee, "__call__")[0]
            return self.call_value(method, given) if isinstance(method, Bound) else DATA
        if isinstance(callee, Opaque) and callee.origin in ("data", "element", "unresolved"):
            self.unknown("calls something that is only known when it runs", given.node)
        return MISSING if callee == MISSING[0] else DATA

    def _call_instance(self, callee: Instance, given: Given) -> Values:
        method = live.attribute(callee, "__call__") if callee.live is not None else None
        if method and isinstance(method[0], Bound):
            return self.call_value(method[0], given)
        self._hand_all(given)
        self.record("call", (callee.of, f"{callee.of}.__call__"), given.node, args=given.args)
        return (self._made_with(callee.of, (callee,), given),) if callee.of.startswith(HOLDING) else MADE

    def _made_with(self, name: str, receiver: Values, given: Given) -> Instance:
        """An object that may hold on to what it is made with."""
        inside = (receiver, *given.args, *given.keywords.values())
        return Instance(name, carries=any(carries(each, self.is_own_class) for each in inside))

    def _call_named(self, callee: Named, given: Given) -> Values:
        obj = callee.live.obj if callee.live is not None else None
        if own_code(obj):
            return self._follow_live(callee, obj, given)
        self._note_reach(callee, given)
        self._note_changed(callee, given)
        self._note_formula(given)
        through = self.own_kind(callee.receiver)
        if through is not None:  # a library's method of the person's class
            self.made_by_library(through, given.node)
        if is_a(obj, type) and self.is_own_class(obj):
            return self.make_live(callee, obj, given)
        name = live.canonical(callee.name)
        receiver: Values = (callee.receiver,) if callee.receiver is not None else ()
        if given.args and _unbound(callee):
            receiver, given = given.args[0], given.but(args=given.args[1:])
        elif given.args and callee.receiver is None and obj is not None and live.unbound(obj):
            self._record_call(callee, given.but(args=given.args[1:]), given.args[0])
        if name.rpartition(".")[2] in TAKING_ALL:
            drained(self, given)
        special = SPECIALS.get(name)
        if special is not None:
            found = special(self, given)
            if found is not None:
                return found
        self._record_call(callee, given, receiver)
        return self._outcome(callee, name, receiver, given)

    def _note_changed(self, callee: Named, given: Given) -> None:
        """Note that a container which a module of a library holds is changed in place."""
        method = callee.name.rpartition(".")[2]
        if callee.name.startswith(("operator.", "_operator.")):
            method = f"__{method.strip('_')}__"
        bare = given.args and (callee.receiver is None or _unbound(callee))
        owners = [callee.receiver, *(given.args[0] if bare else ())]
        for name in filter(None, (changed_for_all(owner, method, self.shared) for owner in owners)):
            self.record("store", (f"{name}[]",), given.node, args=given.args, detail=SHARED)

    def _note_formula(self, given: Given) -> None:
        """Follow the functions that a formula calls; those of the person and the code go before patsy's."""
        written = (each for values in (*given.args[:2], *given.keywords.values()) for each in texts(values))
        for name in {name for text in written if "~" in text for name in CALLED.findall(text)}:
            for value in given.scope.look_up(name):
                if not (isinstance(value, Named) and value.name.startswith("builtins.")):
                    self.hand_over((value,), given.node)

    def _note_reach(self, callee: Named, given: Given) -> None:
        """Note what a live function of a library is seen to use, and what its object was set up with."""
        obj, owner = callee.live.obj if callee.live is not None else None, callee.receiver
        if type(obj) is types.FunctionType:
            for name in reach(obj):
                self.record("pass", (name,), given.node)
        if callee.name.startswith("logging."):
            for logger in loggers(given.args[0] if given.args else ()):
                self.touch(Instance("logging.Logger", Ref(logger)), given.node)
                self.act_on(logger, given.node)
        if callee.name.startswith(ASKING) and not _asks_duckdb_alone(callee, given):
            self.ask_native(given.node)
        if callee.name.startswith("matplotlib.pyplot."):
            for figure in of_open_figures():
                self.touch(Instance("matplotlib", Ref(figure)), given.node)
        method = callee.name.rpartition(".")[2]
        if method in ENDING and isinstance(owner, Instance):
            self.note_pending((owner,), given.node)
        if isinstance(owner, Instance) and owner.live is not None and not method.startswith(("get_", "set_")):
            self.act_on(owner.live.obj, given.node)

    def _record_call(self, callee: Named, given: Given, receiver: Values) -> None:
        """Note a call; a method taken from its class goes by the same names as one of an object."""
        known = callee.receiver is not None or not receiver
        called = callee if known else dataclasses.replace(callee, receiver=receiver[0])
        spread = self.workers and callee.name.startswith(HOLDING)
        keywords = {"n_jobs": DATA, **given.keywords} if spread else given.keywords
        self.record(
            "call", names_of(called), given.node, args=given.args, keywords=keywords,
            open_ended=given.open_ended, receiver=receiver, given=parameters(callee, given.args, receiver),
        )  # fmt: skip

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


def _unbound(callee: Named) -> bool:
    """Whether it is a method taken from its class, so that the object comes first: `DataFrame.to_csv(df)`."""
    owner = callee.receiver
    if not isinstance(owner, Named) or owner.module:
        return False
    if callee.live is not None:
        return isinstance(owner.live, Ref) and is_a(owner.live.obj, type) and live.unbound(callee.live.obj)
    return False


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


def _asks_duckdb_alone(callee: Named, given: Given) -> bool:
    """Whether a query uses nothing that somebody has put into DuckDB, as far as its words tell."""
    words = constants(given.args[0]) if given.args else []
    if words is None or any(isinstance(each, str) and calls_more_than_duckdb(each) for each in words):
        return False
    return callee.name.startswith(("duckdb.", "_duckdb."))
