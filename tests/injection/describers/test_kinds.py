"""One real object of each kind, and the card that tells it."""

import collections
import dataclasses
import enum
import functools
import io
import pathlib
import sqlite3
from collections.abc import Callable, Iterator

import dask
import dask.array
import dask.bag
import dask.dataframe
import duckdb
import geopandas
import ibis
import matplotlib
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pydantic
import pytest
import scipy.sparse
import shapely
import sqlalchemy as sa
import statsmodels.formula.api as smf
import xarray as xr
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sqlalchemy.orm import Session

from caveagent_magic.injection.card import describe
from caveagent_magic.injection.words import card_text

matplotlib.use("agg")
import matplotlib.pyplot as plt

FRAME = pd.DataFrame({"a": [1.0, 2, 3, 4], "b": [2.0, 1, 5, 3], "y": [0, 1, 0, 1]})


def told(obj: object) -> str:
    return card_text(describe("x", obj)).removeprefix("x: ")


def read_rows() -> Iterator[int]:
    yield 1
    yield 2


def select(df: pd.DataFrame, by: str, *, how: str = "s3cret") -> pd.DataFrame:
    return df


class Model(pydantic.BaseModel):
    a: int = 1
    b: list[str] | None = None


class Color(enum.Enum):
    RED = 7654321
    BLUE = 7654322


class Scorer:
    def __call__(self, df: pd.DataFrame, n: int = 3) -> int:
        return n


@dataclasses.dataclass
class Options:
    retries: int


Point = collections.namedtuple("Point", "x y")


def orders() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("orders", metadata, sa.Column("id", sa.Integer), sa.Column("note", sa.String))
    return metadata


def inspector() -> sa.Inspector:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    orders().create_all(engine)
    found = sa.inspect(engine)
    found.get_table_names()
    found.get_columns("orders")
    return found


def closed_connection() -> sa.Connection:
    connection = sa.create_engine("sqlite://").connect()
    connection.close()
    return connection


def closed_sqlite() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.close()
    return connection


def closed_duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.close()
    return connection


def dask_frame() -> object:
    frame = dask.dataframe.from_pandas(FRAME, npartitions=2)
    frame = frame[frame.a > 1]
    assert frame.npartitions == 2  # only now does the plan know it
    return frame


def figure() -> object:
    drawn, axes = plt.subplots(1, 2)
    axes[0].plot([1, 2], label="delay")
    axes[0].set_title("Delays")
    axes[0].set_xlabel("day")
    plt.close(drawn)
    return drawn


def graph() -> object:
    made = nx.DiGraph()
    made.add_node("north", size=1)
    made.add_edge("north", "south", weight=2)
    return made


def started() -> object:
    rows = read_rows()
    next(rows)
    return rows


TYPED = pd.DataFrame(
    {
        "arrow": pd.array([1, None], dtype="int64[pyarrow]"),
        "nullable": pd.array([True, None], dtype="boolean"),
        "sparse": pd.arrays.SparseArray([0, 77]),
        "kind": pd.Categorical(["gold", "tin"]),
        "when": pd.to_datetime(["2020-01-01", None], utc=True).as_unit("us"),
        "month": pd.period_range("2020", periods=2, freq="M"),
    },
    index=pd.MultiIndex.from_tuples([("e", 1), ("w", 2)], names=["side", "n"]),
)
POLARS = pl.DataFrame(
    {
        "n": [1, None],
        "when": pl.Series([1, 2], dtype=pl.Datetime("us", "UTC")),
        "tags": [[1], [2]],
        "grade": pl.Series(["p", "q"], dtype=pl.Enum(["p", "q"])),
        "inner": [{"k": 1}, {"k": 2}],
    }
)

CARDS: dict[str, tuple[Callable[[], object], str]] = {
    "pandas": (
        lambda: TYPED,
        "DataFrame 2 × 6 [arrow int64[pyarrow] 50% null, nullable boolean 50% null, sparse Sparse[int64],"
        " kind category[2 str], when datetime64[us, UTC] 50% null, month period(M);"
        " index: (side str, n int64)]",
    ),
    "pandas series": (
        lambda: pd.Series([1.5, None], name="v"),
        "Series of 2 float64, name v [50% null]",
    ),
    "polars": (
        lambda: POLARS,
        "polars DataFrame 2 × 5 [n Int64 50% null, when Datetime[us, UTC], tags List[Int64], grade Enum,"
        " inner Struct[k: Int64]]",
    ),
    "polars lazy": (
        lambda: pl.LazyFrame({"a": [1]}),
        "polars LazyFrame [not computed; collect_schema() names its columns]",
    ),
    "polars series": (lambda: pl.Series("v", [1, None]), "polars Series of 2 Int64, name v [50% null]"),
    "arrow": (
        lambda: pa.table({"a": [1, None], "s": [{"k": 1}, {"k": 2}], "l": [[1], [2]]}),
        "Table 2 × 3 [a int64 50% null, s struct[k: int64], l list[int64]]",
    ),
    "arrow batch": (lambda: pa.table({"a": [1]}).to_batches()[0], "RecordBatch 1 × 1 [a int64]"),
    "arrow schema": (lambda: pa.schema([("a", pa.int64())]), "Schema of 1 column [a int64]"),
    "arrow chunks": (lambda: pa.chunked_array([[1, None]]), "ChunkedArray of 2 int64 [50% null]"),
    "arrow array": (lambda: pa.array(["v"]), "StringArray of 1 string"),
    "arrow dataset": (lambda: pa.dataset.dataset(pa.table({"a": [1]})), "InMemoryDataset [a int64]"),
    "xarray": (
        lambda: xr.Dataset({"t": (("x", "y"), np.zeros((2, 3)))}, coords={"x": [1, 2]}),
        "Dataset (x: 2, y: 3) [t (x, y) float64; coordinates: x (x) int64]",
    ),
    "xarray lazy": (
        lambda: xr.Dataset({"t": (("x",), dask.array.zeros(4, chunks=2))}),
        "Dataset (x: 4) [t (x) dask float64]",
    ),
    "xarray array": (
        lambda: xr.DataArray(np.zeros((2, 3)), dims=("x", "y"), name="t"),
        "DataArray t (x: 2, y: 3) float64",
    ),
    "numpy structured": (
        lambda: np.zeros(3, dtype=[("a", "i4"), ("b", "U5")]),
        "ndarray of 3 structured [a int32, b U5]",
    ),
    "numpy masked": (
        lambda: np.ma.array([1, 2], mask=[False, True]),
        "MaskedArray of 2 int64 [50% masked]",
    ),
    "numpy function": (lambda: np.add, "numpy.ufunc, 2 in, 1 out"),
    "sparse": (lambda: scipy.sparse.eye_array(40, format="csr"), "csr_array 40 × 40 float64, 40 stored"),
    "sparse lists": (lambda: scipy.sparse.lil_matrix((3, 3)), "lil_matrix 3 × 3 float64"),
    "geopandas": (
        lambda: geopandas.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(0, 0)], crs="EPSG:4326"),
        "GeoDataFrame 1 × 2 [n int64, geometry geometry; geometry: geometry, EPSG:4326]",
    ),
    "duckdb": (
        lambda: duckdb.connect(),
        "duckdb DuckDBPyConnection [its tables are not known without a query]",
    ),
    "duckdb closed": (
        closed_duckdb,
        "duckdb DuckDBPyConnection [its tables are not known without a query]",
    ),
    "duckdb relation": (
        lambda: duckdb.sql("select 1 a, 'x' b"),
        "duckdb DuckDBPyRelation, 2 columns [a INTEGER, b VARCHAR; not run]",
    ),
    "sqlite": (
        lambda: sqlite3.connect(":memory:"),
        "sqlite3 Connection [its tables are not known without a query]",
    ),
    "sqlite closed": (closed_sqlite, "sqlite3 Connection, closed"),
    "sqlite cursor": (
        lambda: sqlite3.connect(":memory:").execute("select 1 a, 2 b"),
        "sqlite3 Cursor [a, b]",
    ),
    "engine": (
        lambda: sa.create_engine("postgresql+psycopg://me:hunter2@db.example.org/shop"),
        "sqlalchemy Engine, postgresql database shop",
    ),
    "engine of a file": (lambda: sa.create_engine("sqlite:////home/me/x.db"), "sqlalchemy Engine, sqlite"),
    "connection": (closed_connection, "sqlalchemy Connection, sqlite, closed"),
    "session": (lambda: Session(sa.create_engine("sqlite://")), "sqlalchemy Session, sqlite"),
    "metadata": (orders, "sqlalchemy MetaData, 1 table [orders: id Integer, note String]"),
    "table": (
        lambda: orders().tables["orders"],
        "sqlalchemy Table orders [id Integer, note String]",
    ),
    "inspector": (
        inspector,
        "sqlalchemy Inspector, sqlite [tables: orders; orders: id INTEGER, note VARCHAR]",
    ),
    "ibis": (
        lambda: ibis.memtable(FRAME).filter(lambda t: t.a > 1),
        "ibis Table, 3 columns [a float64, b float64, y int64; not executed]",
    ),
    "ibis column": (lambda: ibis.memtable(FRAME).a, "ibis FloatingColumn float64"),
    "dask": (
        dask_frame,
        "dask DataFrame of 3 columns, 2 partitions [a float64, b float64, y int64; not computed]",
    ),
    "dask array": (
        lambda: dask.array.zeros((10, 10), chunks=5),
        "dask Array 10 × 10 float64, 2 × 2 chunks [not computed]",
    ),
    "dask bag": (lambda: dask.bag.from_sequence([1, 2]), "dask Bag, 2 partitions [not computed]"),
    "dask delayed": (lambda: dask.delayed(len)([1]), "dask Delayed [not computed]"),
    "estimator": (lambda: LogisticRegression(C=2.5), "LogisticRegression, not fitted [set: C]"),
    "fitted": (
        lambda: LogisticRegression().fit(FRAME[["a", "b"]], FRAME.y),
        "LogisticRegression, fitted on 2 features [a, b; 2 classes]",
    ),
    "pipeline": (
        lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(FRAME[["a"]], FRAME.y),
        "Pipeline, fitted [steps: standardscaler StandardScaler → logisticregression LogisticRegression]",
    ),
    "results": (
        lambda: smf.ols("y ~ a", FRAME).fit(),
        "statsmodels OLS results [Intercept, a; 4 observations]",
    ),
    "figure": (figure, "Figure of 2 axes [Axes, title Delays, x day, 1 line; Axes]"),
    "axes": (lambda: figure().axes[0], "Axes, title Delays, x day, 1 line [labels: delay]"),  # type: ignore[attr-defined]
    "graph": (
        graph,
        "DiGraph of 2 nodes (str), 1 edge [node attributes: size; edge attributes: weight]",
    ),
    "multigraph": (
        lambda: nx.MultiGraph([(1, 2), (1, 2), (2, 2)]),
        "MultiGraph of 2 nodes (int), 3 edges",
    ),
    "path": (lambda: pathlib.PosixPath("/home/me/x.csv"), "PosixPath, .csv"),
    "path of another kind": (lambda: pathlib.PosixPath("/home/me"), "PosixPath"),
    "text file": (lambda: open(__file__, encoding="utf-8"), "text file, mode r, utf-8, open"),  # noqa: SIM115
    "binary file": (lambda: open(__file__, "rb"), "binary file, reading, open"),  # noqa: SIM115
    "file in memory": (lambda: io.StringIO("secret"), "StringIO, open"),
    "generator": (read_rows, "generator read_rows, not started"),
    "started generator": (started, "generator read_rows, started"),
    "partial": (
        lambda: functools.partial(select, by="s3cret"),
        "partial of function(df: DataFrame, by: str, *, how: str = …) -> DataFrame [given: by]",
    ),
    "cached function": (
        lambda: functools.lru_cache(select),
        "cached function(df: DataFrame, by: str, *, how: str = …) -> DataFrame",
    ),
    "function": (lambda: select, "function(df: DataFrame, by: str, *, how: str = …) -> DataFrame"),
    "pydantic object": (Model, "Model [a int, b list[str] | None]"),
    "dataclass object": (lambda: Options(7654323), "Options [retries int]"),
    "enum class": (lambda: Color, "enum class of 2 [RED, BLUE]"),
    "enum member": (lambda: Color.RED, "Color, one of 2 of its enum"),
    "named tuple": (lambda: Point(1, "a"), "Point(tuple) [x int, y str]"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CARDS)
def test_a_card_tells_what_code_needs_and_no_value(kind: str) -> None:
    make, text = CARDS[kind]

    assert told(make()) == text


def test_a_schema_shows_its_fields_as_a_class_and_as_an_object() -> None:
    fields = "a int, b list[str] | None"

    assert describe("x", Model).details[0] == fields
    assert describe("x", Model()).details[0] == fields
    assert describe("x", Options(3)).details[0] == "retries int"


def test_a_callable_object_shows_how_it_is_called() -> None:
    assert describe("x", Scorer()).summary.endswith(".Scorer, callable(df: DataFrame, n: int = …) -> int")


def test_a_generator_is_not_consumed() -> None:
    rows = read_rows()

    describe("x", rows)

    assert list(rows) == [1, 2]


def test_a_memory_map_tells_the_mode_of_its_file(tmp_path: pathlib.Path) -> None:
    mapped = np.memmap(tmp_path / "m", dtype="f4", mode="w+", shape=(10,))

    assert told(mapped) == "memmap of 10 float32 [file mode w+]"


def test_nothing_of_dask_is_computed() -> None:
    computed: list[object] = []
    frame = dask.dataframe.from_pandas(FRAME, npartitions=2)
    lazy = [
        frame,
        frame[frame.a > 1].groupby("y").b.sum(),
        dask.array.ones(10, chunks=5),
        dask.delayed(len)([]),
    ]

    with dask.callbacks.Callback(start=computed.append, pretask=lambda key, *_: computed.append(key)):
        cards = [describe("x", each, level="stats") for each in lazy]

    assert computed == []
    assert [card.note for card in cards] == [""] * 4


def test_no_secret_of_an_engine_is_told() -> None:
    text = "".join(
        card_text(
            describe("x", made(sa.create_engine("postgresql+psycopg://me:hunter2@db.example.org/shop")))
        )
        for made in (lambda engine: engine, Session)
    )

    assert not any(word in text for word in ("hunter2", "me:", "example"))
