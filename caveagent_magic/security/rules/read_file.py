"""Rules about reading files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Const, Value, texts
from caveagent_magic.security.paths import is_url, mode_of, paths_of
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.sql import files
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

_PANDAS = names(
    """
    csv excel table json parquet feather orc fwf html xml sas spss stata hdf
    """
)
READERS = (
    frozenset(f"pandas.read_{what}" for what in _PANDAS)
    | {
        f"polars.{how}_{what}"
        for how in ("read", "scan")
        for what in names("csv parquet ipc json ndjson excel avro delta")
    }
    | (
        names(
            """
            pandas.ExcelFile pandas.HDFStore numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile
            numpy.fromregex numpy.memmap numpy.lib.npyio.NpzFile
            matplotlib.pyplot.imread matplotlib.image.imread PIL.Image.open cv2.imread cv2.VideoCapture
            imageio.imread imageio.v2.imread imageio.v3.imread skimage.io.imread scipy.io.loadmat
            scipy.io.wavfile.read geopandas.read_file geopandas.read_parquet
            geopandas.GeoDataFrame.from_file pyarrow.parquet.read_table
            pyarrow.csv.read_csv pyarrow.feather.read_table pyarrow.parquet.ParquetFile
            xarray.open_dataset joblib.load zipfile.ZipFile tarfile.open tarfile.TarFile gzip.open
            bz2.open lzma.open io.FileIO io.open_code codecs.open gzip.GzipFile lzma.LZMAFile bz2.BZ2File
            linecache.getline
            linecache.getlines tokenize.open mmap.mmap h5py.File netCDF4.Dataset
            rasterio.open fiona.open rioxarray.open_rasterio pyogrio.read_dataframe pyogrio.read_arrow
            pyogrio.read_info ?.xinclude sklearn.datasets.load_files sklearn.datasets.load_svmlight_file
            xml.etree.ElementTree.parse lxml.etree.parse configparser.ConfigParser.read
            openpyxl.load_workbook nbformat.read json.tool.main dask.dataframe.read_csv
            dask.dataframe.read_parquet networkx.read_edgelist networkx.read_gml networkx.read_graphml
            dbm.open csvkit.* lxml.html.parse pyreadr.read_r pyreadstat.* pathlib.Path.read_text
            pathlib.Path.read_bytes ?.read_text ?.read_bytes posix.listdir posix.scandir os.listdir
            os.scandir os.walk os.fwalk glob.glob glob.iglob shutil.disk_usage posix.readlink
            os.readlink posix.pread pathlib.Path.iterdir pathlib.Path.glob pathlib.Path.rglob posix.stat
            os.stat pyarrow.memory_map pyarrow.OSFile
            pyarrow.lib.memory_map pyarrow.lib.OSFile pyarrow.dataset.dataset posix.open os.open
            pkgutil.get_data importlib.resources.read_text importlib.resources.files sqlite3.connect
            filecmp.cmp duckdb.read_csv duckdb.read_json duckdb.read_parquet duckdb.from_csv_auto
            duckdb.from_parquet _duckdb.DuckDBPyConnection.read_csv _duckdb.DuckDBPyConnection.read_json
            _duckdb.DuckDBPyConnection.read_parquet _duckdb.DuckDBPyConnection.from_parquet
            _duckdb.DuckDBPyConnection.from_csv_auto
            """
        )
    )
)
FILES = names("file_glob file_globs path_or_buffer")
"""What duckdb calls its paths."""
NOT_A_READER = frozenset({"sqlite3.connect", "joblib.load"})
RELATIONS = names("project filter aggregate order select join max min sum mean median count")
METHODS = names(
    """
    pathlib.Path.read_text pathlib.Path.read_bytes pathlib.Path.iterdir pathlib.Path.glob
    pathlib.Path.rglob ?.read_text ?.read_bytes
    """
)  # fmt: skip
OTHER_SOURCE = pattern(r"\b(?:from|join)\s*(?:[\w$]*[/\\.:]|['\"`\[][^'\"`\]]*[/\\.:])", re.IGNORECASE)
GEOGRAPHIC = ("geopandas.", "fiona.", "rasterio.", "pyogrio.", "osgeo.", "rioxarray.")
NAMING = names("vrt ovf wms tms xml vpj mosaicjson")
"""Ends of files that GDAL reads as descriptions of data which lie elsewhere."""
SHAPES = names("FeatureCollection Feature Point LineString Polygon MultiPoint MultiLineString MultiPolygon")
PARTS = names("type features geometry properties coordinates id bbox name")
MODES = {
    "builtins.open": 1, "gzip.open": 1, "bz2.open": 1, "lzma.open": 1, "codecs.open": 1,
    "zipfile.ZipFile": 1, "tarfile.open": 1, "tarfile.TarFile": 1, "io.FileIO": 1, "h5py.File": 1,
    "gzip.GzipFile": 1, "lzma.LZMAFile": 1, "bz2.BZ2File": 1, "wave.open": 1, "aifc.open": 1,
    "netCDF4.Dataset": 1, "rasterio.open": 1, "fiona.open": 1,
    "pyarrow.OSFile": 1, "pyarrow.memory_map": 1, "pyarrow.lib.OSFile": 1,
    "pyarrow.lib.memory_map": 1,
}  # fmt: skip


class ReadsFile(Rule):
    """Reads a file or lists a folder outside the working directory, or one whose path is not known.

    Key files, other people's data and the server's tokens lie there; code could carry them off.
    """

    code = "CAVE101"
    capability = "read_file"
    message = "reads {target} with {name}"
    calls = READERS - NOT_A_READER | {"builtins.open", "pathlib.Path.open", "?.open"}

    examples = (
        Flagged("open('/etc/passwd').read()", name="open"),
        Flagged("import pandas as pd\npd.read_csv('../../secret.csv')", name="pandas.read_csv"),
        Flagged("from pathlib import Path\n(Path.home() / 'x.txt').read_text()"),
        Flagged("import duckdb\nduckdb.read_parquet(file_glob='/etc/*')", name="duckdb.read_parquet"),
        Passes("import duckdb\nduckdb.read_csv('data/*.csv')"),
        Passes("import pandas as pd\npd.read_csv('data/a.csv')"),
        Passes("from pathlib import Path\nPath('data/notes.txt').read_text()"),
        Passes("with open('a.txt') as file:\n    print(file.read())"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """One for each possible path that is read."""
        if name == "?.xinclude":
            yield Hit(shown(name))
        if name == "?.open" and (not use.receiver or use.kind != "call"):
            return
        if name in MODES and _writes(mode_of(use, MODES[name])):
            return
        if name in ("pathlib.Path.open", "?.open") and _writes(mode_of(use, 0)):
            return
        if name.startswith(GEOGRAPHIC) and any(map(_names_a_source, use.keywords.get("sql", ()))):
            yield Hit(shown(name))
        if name.startswith(GEOGRAPHIC):  # `where` chooses rows
            named = {key: values for key, values in use.keywords.items() if key != "where"}
            use = replace(use, keywords=named)
        if "duckdb." in name and (
            use.kind != "call" or use.open_ended or not use.args or FILES & set(use.keywords)
        ):
            yield Hit(shown(name))
            return
        for path in (
            receiver_paths(use) if name in METHODS or name.endswith("Path.open") else paths_of(use) or ()
        ):
            if path is not None and name.startswith("geopandas.") and _is_geojson(path):
                continue
            if path is not None and "duckdb." in name and path.endswith("…"):
                path = None  # it reads without Python, so the guard would not see where that leads
            if path is None or not is_url(path):
                yield Hit(shown(name), None if path is not None and _tells_more(name, path) else path)


def _tells_more(name: str, path: str) -> bool:
    """Whether what looks like a path is a description of data that lie elsewhere, as GDAL reads it."""
    geo = name.startswith(GEOGRAPHIC)
    named = geo and path.lower().rpartition(".")[2] in NAMING
    return named or (geo and not re.fullmatch(r"(?!/vsi)[\w ./-]+", path))


def _names_a_source(value: Value) -> bool:
    """Whether a command of GDAL's may select from more than the layers of the file."""
    if value == Const(None):
        return False
    text = value.value if isinstance(value, Const) and isinstance(value.value, str) else "?"
    layers = re.fullmatch(r"\s*select\b[^;]*", text, re.IGNORECASE)
    return not layers or bool(OTHER_SOURCE.search(text))


def _is_geojson(text: str) -> bool:
    """Whether the text is shapes written out, which name nothing that lies elsewhere."""
    try:
        found = json.loads(text) if text.lstrip()[:1] == "{" else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("type") in SHAPES and set(found) <= PARTS


class ReadsAsAsked(Rule):
    """Names a file to a function that reads it, though it is not known as one that does."""

    code = "CAVE102"
    capability = "read_file"
    message = "has {name} read {target}"
    kinds = frozenset({"call", "store"})

    examples = (
        Flagged("model.fit(texts, input='filename')", name="fit"),
        Flagged("from IPython.display import Markdown\nMarkdown(filename='/etc/hosts')"),
        Passes("model.fit(texts, input='content')"),
        Passes("from IPython.display import Markdown\nMarkdown(filename='notes.md')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By keywords that name files, and by one that says that all else does."""
        if any(value != Const(None) for value in use.keywords.get("stylesheet", ())):
            yield Hit(shown(name))  # it may name other files
        if any(each in READERS for each in use.names):
            return
        if any(value != Const(None) for value in use.keywords.get("fromfile_prefix_chars", ())):
            yield Hit(shown(name))
        named = [use.keywords[key] for key in ("filename", "filepath", "fname") if key in use.keywords]
        for values in named:
            for path in paths_of(replace(use, args=(values,), keywords={})) or ():
                if path is not None and not is_url(path):
                    yield Hit(shown(name), path)
        given = (
            use.args[0] if use.kind == "store" and name.endswith(".input") else use.keywords.get("input", ())
        )
        if {"filename", "file"}.intersection(texts(given)):
            yield Hit(shown(name))


class ReadsByQuery(Rule):
    """Selects from a file by its name in a database command."""

    code = "CAVE103"
    capability = "read_file"
    message = "reads {target} with a database command"
    kinds = frozenset({"call"})

    examples = (
        Flagged("import duckdb\nduckdb.sql(\"select * from '/etc/passwd'\")"),
        Flagged("table.project(\"(select max(a) from '/etc/hosts')\")"),
        Passes("import duckdb\nduckdb.sql(\"select a from 'data/sales.csv' where b > 1\").df()"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Each file that a text names where a table would be."""
        method = use.name.rpartition(".")[2].removeprefix("module_")
        if method in ("sql", "query", "execute", "from_query") or _of_relation(use, method):
            yield from (Hit(shown(name), path) for word in use.words for path in files(word))


def _of_relation(use: Use, method: str) -> bool:
    """Whether expressions are given to a table of duckdb, which may select from files inside of them."""
    of_duckdb = any(name.startswith("duckdb.") for name in use.names)
    return (of_duckdb or method in RELATIONS) and any(
        re.search(r"\bselect\b", word, re.IGNORECASE) for word in use.words
    )


def _writes(mode: str) -> bool:
    return any(letter in mode for letter in "wax+")


def receiver_paths(use: Use) -> list[str | None]:
    """The path that a pathlib object stands for."""
    return paths_of(replace(use, args=(use.receiver,), keywords={})) or [None]
