"""Rules about code that only comes to be when it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Bound, Const, Function, Items, Named, Opaque, Text, Values
from caveagent_magic.security.known import harmless, of_the_person
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, fits, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

_LOCAL_CALL = pattern(
    r"@\s*[\w.]+\s*[(\[]|@\s*\w+\s*\.|__\w+|\bimport\b|`[^`]*@"
    r"|\.(?:apply|map|agg|aggregate|pipe|transform|to_\w+|tofile|save\w*)\s*\("
    r"|(?<!\.str)(?<!\.dt)(?<!\.cat)\.(?!(?:is\w+|not\w+|between|abs|sum|mean|median|min|max|std|var|count|"
    r"round|astype|fillna|rank|shift|diff|clip|eq|ne|lt|le|gt|ge|any|all|cumsum|quantile|pct_change|get|"
    r"where|mask|duplicated|n?unique|size)\b)\w+\s*\("
)
_LOCAL_DATA = pattern(
    r"@\s*\w+\.(?:(?:i?loc|i?at|values|index|columns)(?:\[[-+\w\s'\"]+\])?|shape\[\d\]|size|year|month|day)(?![\w.(\[])"
)
"""An element or a part of a date of the person's variable."""

FORMULAS = names(
    """
    statsmodels.* patsy.* linearmodels.* formulaic.* bambi.* lifelines.* pingouin.* ?.from_formula
    ?.dmatrix ?.dmatrices
    """
)
"""Where texts may be formulas."""
OF_COLUMNS = names(
    """
    C Q I log log10 log2 log1p exp expm1 sqrt abs pow min max round center standardize scale bs cr cc te
    ns cs poly Treatment Sum Poly Diff Helmert lag factor strata minmax EntityEffects TimeEffects hashed
    """
)
"""What formulas may call."""
METHODS = names("astype fillna shift diff clip rank isin isna notna between abs round mean std sum min max")
NOT_WRITTEN = frozenset({"data", "made", "unresolved", "element"})
FRAME_KEYWORDS = ("inplace", "engine", "parser", "local_dict", "global_dict", "level", "target", "resolvers")


class RunsText(Rule):
    """Runs text as code, so that what runs was never looked at."""

    code = "CAVE401"
    capability = "dynamic_code"
    message = "runs code that is not written here with {name}"
    calls = names(
        """
        builtins.exec builtins.eval builtins.compile builtins.execfile builtins.breakpoint code.*
        codeop.* runpy.* timeit.timeit timeit.repeat timeit.Timer pdb.* bdb.* imp.* importlib.reload
        importlib.machinery.* zipimport.* importlib.util.* importlib.abc.* importlib._bootstrap.*
        importlib._bootstrap_external.* pkgutil.* ast.parse_and_run types.FunctionType types.CodeType
        types.FunctionType.* builtins.function builtins.code types.LambdaType types.MethodType
        builtins.method trace.Trace cProfile.runctx doctest.* unittest.mock.* mock.* sympy.sympify
        sympy.parsing.* sympy.lambdify numexpr.evaluate numpy.f2py.* numexpr.*
        IPython.InteractiveShell.run_cell IPython.InteractiveShell.run_code IPython.InteractiveShell.ex
        IPython.InteractiveShell.ev IPython.InteractiveShell.run_cell_async
        IPython.InteractiveShell.safe_execfile IPython.embed IPython.start_ipython cloudpickle.*
        ?.run_cell ?.exec_module ?.load_module ?.find_module ?.runsource ?.runcode ?.exec_command %run
        %load %loadpy %macro %rerun %recall %edit %debug %pdb %prun %pycat %lprun %mprun %cython
        %run_line_magic matplotlib.use plotly.io.orca.* pytest.main jinja2.Template
        jinja2.Environment.from_string mako.template.Template string.Formatter.* torch.jit.*
        tensorflow.py_function cffi.verify numba.jit_module logging.config.dictConfig
        logging.config.fileConfig lib2to3.* operator.call ?.runctx ?.f2py sre_compile.* codecs.register
        tornado.template.* pandas.core.computation.* typing.get_type_hints
        typing.ForwardRef typing.ForwardRef.* typing._eval_type inspect.get_annotations inspect.signature
        annotationlib.* dataclasses._create_fn pandas.Styler.from_custom_template ?.from_custom_template
        """
    )

    stores = frozenset(["matplotlib.rcParams[]", "matplotlib.RcParams[]", "matplotlib.pyplot.rcParams[]"])

    examples = (
        Flagged("import matplotlib as mpl\nmpl.rcParams['backend'] = 'module://x'"),
        Flagged("exec('x = 1')", name="exec"),
        Flagged("getattr(__builtins__, 'ev' + 'al')('1 + 1')", name="eval"),
        Flagged("get_ipython().run_line_magic('run', 'other.py')", name="%run"),
        Passes("import ast\nast.literal_eval('[1, 2]')"),
        Passes("import matplotlib\nmatplotlib.use('Agg')"),
        Flagged("import timeit\ntimeit.timeit(f'{x}()')", name="timeit.timeit"),
        Passes("import timeit\ntimeit.timeit('sum(range(10))', number=10)"),
        Passes("get_ipython().run_line_magic('timeit', 'sum(range(10))')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Back ends and timers with harmless text are left alone."""
        if use.kind == "store" and not any("module:" in word for word in use.words):
            return
        if (
            name == "matplotlib.use"
            and use.kind == "call"
            and use.words
            and not any("module:" in word for word in use.words)
        ):
            return
        if name.startswith("timeit.") and use.kind == "call" and _written_out(use):
            return
        if name.startswith("inspect.") and "eval_str" not in use.keywords and not use.open_ended:
            return
        if name == "sympy.lambdify" and not any("__" in word or "import" in word for word in use.words):
            return
        if name.startswith("importlib.util.find_spec"):
            return
        yield Hit(shown(name))


def _written_out(use: Use) -> bool:
    """Whether all that is timed is a function, or code that stands there as text, where it was read."""
    given = (*use.args[:2], *(use.keywords[key] for key in ("stmt", "setup") if key in use.keywords))
    known = all(isinstance(value, (Const, Function, Bound, Named)) for values in given for value in values)
    return known and not (use.words and use.name == "timeit.Timer") and not use.open_ended


class EvaluatesExpression(Rule):
    """Hands a text to a frame's `query` or `eval`: with `@` and a call it reaches every function there is."""

    code = "CAVE402"
    capability = "dynamic_code"
    message = "evaluates a text as an expression with {name}"
    calls = names(
        """
        ?.eval ?.query pandas.eval pandas.DataFrame.eval pandas.DataFrame.query polars.sql_expr
        pandas.DataFrame.eval
        """
    )

    examples = (
        Flagged("df.query('@os.system(\"ls\")')"),
        Flagged("import pandas as pd\npd.eval('__import__(\"os\")')", name="pandas.eval"),
        Flagged("df.eval(input())"),
        Passes("limit = 3\ndf.query('price > @limit and city == \"Oslo\"')"),
        Passes("df.query(f'price > {limit}')"),
        Flagged("df.query('price > @limits.iloc[0].x()')"),
        Passes("df.query('price > @limits.iloc[1] + 1.5 * @spread')"),
        Passes("df.eval('total = price * count')"),
        Passes("model.eval()"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Only where the text calls something, or is not known."""
        if use.keywords and not ({"expr", "sql", *FRAME_KEYWORDS} & set(use.keywords)):
            return  # a search tree's or an index's
        given = use.argument(0, "expr", "sql")
        if given is None:
            if use.open_ended or use.kind == "pass":
                yield Hit(shown(name))
        elif not _plain(given):
            yield Hit(shown(name))


def _plain(given: Values) -> bool:
    """Whether the text computes with columns only."""
    for value in given:
        if isinstance(value, Const) and isinstance(value.value, str):
            if _LOCAL_CALL.search(_LOCAL_DATA.sub("1", value.value)):
                return False
        elif isinstance(value, Text):
            known = [piece for piece in value.pieces if piece is not None]
            if not known or any(_LOCAL_CALL.search(piece) or piece.endswith("@") for piece in known):
                return False
        elif not (isinstance(value, Opaque) and value.origin in ("parameter", "missing")):
            return False
    return True


class EvaluatesFormula(Rule):
    """Hands a formula to a library that evaluates it as Python: it may call whatever the code could."""

    code = "CAVE404"
    capability = "dynamic_code"
    message = "evaluates a formula that calls more than functions of columns with {name}"
    kinds = frozenset({"call"})

    examples = (
        Flagged("import statsmodels.formula.api as smf\nsmf.ols('y ~ I(df.to_csv(\"a\"))', df)"),
        Flagged("import patsy\npatsy.dmatrix(open('formula.txt').read(), df)", name="patsy.dmatrix"),
        Passes("import statsmodels.formula.api as smf\nsmf.ols('y ~ C(city) + np.log(x) + I(x ** 2)', df)"),
        Passes("import statsmodels.formula.api as smf\nsmf.logit('I((y > 1).astype(int)) ~ x', df)"),
        Passes("import patsy\npatsy.dmatrix('bs(x, df=4) + center(z)', df)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the functions that the text names; said is the public name, whether it is loaded or not."""
        known = [each for each in use.names if fits(each, FORMULAS)]
        if not known:
            return
        nothing_else = any("formula" in each or "dmatri" in each for each in use.names)
        given = [values for key, values in use.keywords.items() if "formula" in key] + [*use.args[:2]]
        first = given[0] if given else ()
        unknown = any(isinstance(value, Opaque) and value.origin in NOT_WRITTEN for value in first)
        if (nothing_else and unknown) or any(_calls_more(text) for text in _written(given)):
            full = [each for each in known if not each.startswith("?.")]
            yield Hit(shown(min(full or known, key=len)))


def _written(given: Sequence[Values]) -> Iterator[str]:
    """What is known of the texts."""
    for value in (value for values in given for value in values):
        if isinstance(value, Const) and isinstance(value.value, str):
            yield value.value
        elif isinstance(value, Text):
            yield from filter(None, value.pieces)
        elif isinstance(value, Items):
            yield from _written([value.contents])


def _calls_more(formula: str) -> bool:
    called = re.findall(r"([\w.]*(?:\)|\])?[\w.]*)\s*\(", formula)
    return "__" in formula or any(not _of_columns(name) for name in called if name)


def _of_columns(name: str) -> bool:
    library, dot, function = name.rpartition(".")
    if not function or (not dot and name in OF_COLUMNS):
        return True
    return harmless(f"numpy.{function}") if library in ("np", "numpy") else bool(dot) and function in METHODS


class NamesModule(Rule):
    """Names a module by an address of matplotlib's, which imports and so runs it."""

    code = "CAVE405"
    capability = "dynamic_code"
    message = "has {name} import a module that is named in a text"
    kinds = frozenset({"call", "store"})

    examples = (
        Flagged("import matplotlib.pyplot as plt\nplt.switch_backend('module://x')"),
        Flagged("import matplotlib.pyplot as plt\nplt.style.use('.my_looks.dark')", name="style.use"),
        Passes("import matplotlib.pyplot as plt\nplt.switch_backend('agg')"),
        Passes("import matplotlib.pyplot as plt\nplt.style.use(['ggplot', 'looks.mplstyle'])"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Wherever such an address is handed to."""
        styled = use.kind == "call" and use.name.endswith(("style.use", "style.context"))
        if any(word.startswith("module://") or (styled and _in_package(word)) for word in use.words):
            yield Hit(shown(name))


def _in_package(style: str) -> bool:
    """Whether a style is named as one that lies in a package, which is imported to find it."""
    package, dot, _ = style.partition(".")
    return bool(dot) and not style.endswith(".mplstyle") and "/" not in style and of_the_person(package)


class FetchesUnknownName(Rule):
    """Fetches an attribute or module whose name is put together while running."""

    code = "CAVE403"
    capability = "dynamic_code"
    message = "uses {name} with a name that is only known when it runs"
    calls = names(
        """
        builtins.getattr builtins.setattr builtins.delattr builtins.__import__ importlib.import_module
        importlib.__import__ operator.attrgetter operator.methodcaller inspect.getattr_static
        ?.__import__ ?.import_module pydoc.locate pydoc.* pkgutil.resolve_name
        matplotlib.cbook._get_attr
        """
    )

    examples = (
        Flagged("import os\nfor name in open('names.txt'):\n    getattr(os, name)", name="getattr"),
        Flagged("import importlib\nimportlib.import_module(input())", name="importlib.import_module"),
        Passes("for name in ('mean', 'std'):\n    print(getattr(df, name)())"),
        Passes("import importlib\nnp = importlib.import_module('numpy')"),
        Passes("getattr(df, 'shape')"),
    )
