"""Classes of what well-known calls give, where that makes a method's name certain."""

from __future__ import annotations

from caveagent_magic.security.vocabulary import names

FRAME, SERIES = "pandas.DataFrame", "pandas.Series"
_FRAME_METHODS = names(
    """
    assign drop dropna fillna merge join rename reset_index set_index sort_values sort_index head tail
    sample copy astype query filter pivot pivot_table melt stack unstack transpose describe corr cov
    reindex replace where mask drop_duplicates nlargest nsmallest explode isna notna select_dtypes round
    shift diff cumsum rank clip apply transform interpolate convert_dtypes
    """
)
RESULTS: dict[str, str] = {
    **{f"pandas.read_{what}": FRAME for what in names("csv excel json parquet table feather fwf sql pickle")},
    **{f"pandas.{what}": FRAME for what in names("DataFrame concat merge crosstab get_dummies melt")},
    **{f"{FRAME}.{what}": FRAME for what in _FRAME_METHODS},
    **{f"pandas.{what}": SERIES for what in ["Series", "to_datetime", "to_numeric", "cut", "qcut"]},
    "matplotlib.colormaps[]": "matplotlib.colors.Colormap",
    "matplotlib.cm.ColormapRegistry[]": "matplotlib.colors.Colormap",
    "pandas.DataFrame.groupby": "pandas.GroupBy", "pandas.GroupBy.agg": FRAME,
    "pandas.GroupBy.sum": FRAME, "pandas.GroupBy.mean": FRAME, "pandas.GroupBy.size": SERIES,
    "pandas.GroupBy.count": FRAME, "polars.read_csv": "polars.DataFrame",
    "polars.DataFrame": "polars.DataFrame", "matplotlib.pyplot.figure": "matplotlib.figure.Figure",
    "matplotlib.pyplot.gcf": "matplotlib.figure.Figure",
    "IPython.get_ipython": "IPython.InteractiveShell", "sqlite3.connect": "sqlite3.Connection",
    "pathlib.Path.cwd": "pathlib.Path", "pathlib.Path.home": "pathlib.Path",
    "io.StringIO": "io.StringIO", "io.BytesIO": "io.BytesIO", "zipfile.ZipFile": "zipfile.ZipFile",
    "tarfile.open": "tarfile.TarFile",
    "itertools.count": "endless",
    "itertools.repeat": "endless", "itertools.cycle": "endless", "builtins.open": "io.TextIOWrapper",
    "logging.getLogger": "logging.Logger", "datetime.datetime.now": "datetime.datetime",
}  # fmt: skip
CLASSES = frozenset(RESULTS.values())
