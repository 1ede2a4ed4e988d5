"""A database is asked for its tables only where the person allowed it, and nothing of it is changed."""

import sqlite3
import threading

import duckdb
import pytest
import sqlalchemy
from sqlalchemy.orm import Session

from caveagent_magic.injection.levels import Privacy
from caveagent_magic.injection.look import look
from caveagent_magic.injection.privacy import visible
from caveagent_magic.injection.queried import AGAIN, queried

MAKE = (
    "CREATE TABLE orders (id INTEGER, customer VARCHAR)",
    "INSERT INTO orders VALUES (1, 'Ann'), (2, 'Bo')",
)
VIEW = "CREATE VIEW late AS SELECT id FROM orders"


def details(privacy, **names):
    allowed = visible(names, privacy=privacy)
    return look(allowed.names, allowed.hidden, allowed.levels, allowed.asked)[0].details


@pytest.fixture
def lite(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    for statement in (*MAKE, VIEW):
        connection.execute(statement)
    connection.commit()
    yield connection
    connection.close()


def test_without_permission_nothing_is_asked(lite):
    asked = []
    lite.set_trace_callback(asked.append)

    assert details(Privacy(), db=lite) == ("its tables are not known without a query",)
    assert details(Privacy(level="names").asking(["db"]), db=lite) == ()
    assert details(Privacy().asking(["db"]).hiding(["db"]).showing(["db"]), db=lite) == (
        "its tables are not known without a query",
    )
    assert asked == []


def test_a_sqlite_connection_tells_its_tables_and_its_open_transaction_stays_as_it_was(lite):
    lite.execute("INSERT INTO orders VALUES (3, 'Cy')")
    lite.row_factory = lambda cursor, row: pytest.fail("the person's code was run")
    statements = []
    lite.set_trace_callback(statements.append)

    told = details(Privacy().asking(["db"]), db=lite)

    assert told == ("late: id INTEGER", "orders 3 rows: id INTEGER, customer VARCHAR")
    assert lite.in_transaction
    assert {each.partition(" ")[0] for each in statements} == {
        "SELECT",
        "--",
    }  # a comment: what the PRAGMA runs


def test_hidden_columns_stay_hidden(lite):
    told = queried(lite, frozenset({"customer"}))

    assert told[1] == "orders 2 rows: id INTEGER, 1 hidden"


def test_a_duckdb_result_that_waits_to_be_fetched_still_does():
    connection = duckdb.connect()
    for statement in (*MAKE, VIEW):
        connection.execute(statement)
    connection.execute("SELECT customer FROM orders ORDER BY id")

    assert queried(connection, ()) == (
        "late: id INTEGER",
        "orders about 2 rows: id INTEGER, customer VARCHAR",
    )
    assert connection.fetchall() == [("Ann",), ("Bo",)]


@pytest.mark.parametrize("of", [lambda engine: engine, sqlalchemy.Engine.connect, Session])
def test_an_engine_is_asked_over_a_connection_of_its_own(tmp_path, of):
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        for statement in MAKE:
            connection.execute(sqlalchemy.text(statement))
    opened = of(engine)

    assert queried(opened, ()) == ("orders 2 rows: id INTEGER, customer VARCHAR",)
    assert engine.pool.checkedout() == (of is sqlalchemy.Engine.connect)


def test_an_engine_with_one_connection_for_all_is_not_asked():
    assert queried(sqlalchemy.create_engine("sqlite://"), ()) == (
        "not asked: all of this engine shares one connection, whose transaction may be open",
    )


def test_a_closed_connection_says_so(lite):
    lite.close()

    assert queried(lite, ()) == ("asking for its tables raised ProgrammingError",)


def test_a_question_that_takes_too_long_is_ended(lite):
    *_, note = queried(lite, (), seconds=0.0)

    assert note in ("… there was no time for more tables", "asking for its tables raised OperationalError")


def test_a_database_is_asked_anew_only_after_a_while():
    now, connection = [0.0], duckdb.connect()
    connection.execute(MAKE[0])
    before = queried(connection, (), clock=lambda: now[0])
    connection.execute(MAKE[1])
    same = queried(connection, (), clock=lambda: now[0])
    now[0] = AGAIN

    assert before == same == ("orders about 0 rows: id INTEGER, customer VARCHAR",)
    assert queried(connection, (), clock=lambda: now[0])[0].startswith("orders about 2 rows")


def test_another_thread_gets_the_last_answer(lite):
    told = []
    queried(lite, ())
    thread = threading.Thread(target=lambda: told.append(queried(lite, ())))
    thread.start()
    thread.join()

    assert told[0][1] == "orders 2 rows: id INTEGER, customer VARCHAR"
