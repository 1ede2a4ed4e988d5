"""A kernel with live connections: rehearsals neither break one nor reach through it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from notebooks.own_postgresql import postgresql
from tests.kernel.conftest import Kernel

pytestmark = pytest.mark.kernel

OPEN = """
import gc, logging, io, sqlite3, sys
import duckdb, psycopg, sqlalchemy, distributed
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.shell.apart import run_apart

lite = sqlite3.connect("lite.db", isolation_level=None)
lite.execute("create table t (a)")
lite.execute("begin")
lite.execute("insert into t values (1)")

duck = duckdb.connect("duck.db")
duck.execute("create table t as select * from range(1000) t(a)")
duck.execute("begin")
duck.execute("insert into t values (-1)")

post = psycopg.connect(DSN)
post.execute("create table t (a int)")
post.commit()
post.execute("insert into t values (1)")
cursor = post.cursor(name="streamed")
cursor.execute("select * from generate_series(1, 100000)")

engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(DSN))
session = engine.connect()
session.execute(sqlalchemy.text("create table u (a int)"))

cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None)
dask = distributed.Client(cluster)
client_id = dask.id
dask.wait_for_workers(1)

def rehearsed(code):
    shell = get_ipython()
    code = f"try:\\n    {code}\\nexcept Exception: pass"  # a traceback takes longer than the rehearsal
    run = lambda emit: run_apart(shell, code, emit)
    return rehearse(run, shell.user_ns, Limits(seconds=10), lambda thing: type(thing).__name__).stopped

workers = dask.nthreads()  # not `scheduler_info()`: the client's timer may empty what that is about to give
count = 0
def alive():
    global count
    count += 1
    found = {
        "SQLite's transaction": lite.in_transaction,
        "SQLite": lite.execute("select count(*) from t").fetchone(),
        "DuckDB": duck.execute("select count(*) from t").fetchall(),
        "PostgreSQL's transaction": post.info.transaction_status.name,
        "PostgreSQL": post.execute("select count(*) from t").fetchone(),
        "the streamed cursor": cursor.fetchone(),
        "SQLAlchemy's transaction": session.in_transaction(),
        "SQLAlchemy": session.execute(sqlalchemy.text("select count(*) from u")).scalar(),
        "Dask": dask.submit(int, count, pure=False).result(timeout=20),
        "Dask's client": (dask.id, dask.status),
        "Dask's workers": dask.nthreads(),
    }
    wanted = {
        "SQLite's transaction": True,
        "SQLite": (1,),
        "DuckDB": [(1001,)],
        "PostgreSQL's transaction": "INTRANS",
        "PostgreSQL": (1,),
        "the streamed cursor": (count,),
        "SQLAlchemy's transaction": True,
        "SQLAlchemy": 0,
        "Dask": count,
        "Dask's client": (client_id, "running"),
        "Dask's workers": workers,
    }
    assert found == wanted, {name: found[name] for name in wanted if found[name] != wanted[name]}
"""

CODE = (
    "1 + 1",
    "lite.execute('insert into t values (2)'); lite.execute('commit')",
    "lite.rollback()",
    "lite.close()",
    "del lite; gc.collect()",
    "duck.execute('insert into t values (2)'); duck.commit()",
    "duck.rollback()",
    "duck.close()",
    "del duck; gc.collect()",
    "post.execute('insert into t values (2)'); post.commit()",
    "post.rollback()",
    "post.close()",
    "del cursor, post; gc.collect()",
    "cursor.fetchmany(500)",
    "engine.dispose()",
    "session.commit()",
    "session.close(); del session, engine; gc.collect()",
    "dask.close(timeout=0.2)",
    "dask.submit(int, 7).result(timeout=0.2)",
    "cluster.close(timeout=0.2); del dask, cluster; gc.collect()",
    "sys.exit(3)",
    "import os; os.closerange(3, 4096)",
)


@pytest.fixture
def connected(tmp_path: Path):
    with postgresql() as (dsn, log):
        kernel = Kernel(
            sys.executable, {"IPYTHONDIR": str(tmp_path / "ipython"), "OMP_WAIT_POLICY": "passive"}
        )
        try:
            kernel.run(f"%cd -q {tmp_path}\nDSN = {dsn!r}")
            assert kernel.run(OPEN)["status"] == "ok", kernel.outputs
            yield kernel, log
        finally:
            kernel.run("dask.close(); cluster.close()")
            kernel.close()


@pytest.mark.timeout(900)
def test_two_hundred_rehearsals_leave_every_connection_and_transaction_as_it_was(connected):
    kernel, log = connected

    for number in range(200):
        code = CODE[number % len(CODE)]
        reply = kernel.run(f"rehearsed({code!r})\nalive()")
        assert reply["status"] == "ok", (number, code, *reply["traceback"])
    assert kernel.value("count") == "200"

    disturbed = re.findall(r".*(?:EOF|reset|protocol|FATAL|PANIC|invalid|disconnection).*", log.read_text())
    assert disturbed == []
    worked = "lite.execute('commit'); duck.commit(); post.commit(); session.commit()"
    assert kernel.run(worked)["status"] == "ok"
    assert "lost" not in kernel.text() and "Lost" not in kernel.text()
