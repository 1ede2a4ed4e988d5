"""`%cave privacy`, `hide`, `show`, `alias`, `egress`: what the person types, and what follows from it."""

import sqlite3

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.errors import UsageError
from caveagent_magic.events import Message, Request
from caveagent_magic.shell.privacy import suggestion


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """The driver of a real IPython shell with two tables."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "caveagent_magic")
    shell.user_ns["staff"] = pd.DataFrame({"full_name": ["Anna"], "pay": [51234], "site": ["Gdansk"]})
    shell.user_ns["sites"] = pd.DataFrame({"site": ["Gdansk"], "open": [True]})
    yield shell.magics_manager.registry["CaveMagics"].driver
    shell.run_line_magic("unload_ext", "caveagent_magic")
    InteractiveShell.clear_instance()


@pytest.fixture
def cave(driver, capsys):
    """Type `%cave …` and read what it prints."""

    def typed(line):
        driver.runtime.shell.run_line_magic("cave", line)
        return capsys.readouterr().out.rstrip("\n")

    return typed


def test_a_hidden_column_is_gone_from_its_card_and_shown_again_on_request(cave):
    cave("hide staff.pay")
    hidden = cave("vars staff")
    shown = cave("show staff.pay")

    assert ("pay" in hidden, "1 hidden" in hidden, "pay int64" in shown) == (False, True, True)


def test_a_column_of_that_name_is_hidden_in_other_tables_too_and_this_is_said(cave):
    told = cave("hide staff.site")
    other = cave("vars sites")
    cave("show sites.site")

    assert told == (
        "Hidden from the model: staff.site. So are sites.site; %cave show sites.site gives it back."
    )
    assert "site str" not in other and "site str" in cave("vars sites") and "site" not in cave("vars staff")


def test_a_hidden_variable_is_named_as_hidden(cave):
    cave("hide staff")

    assert cave("vars staff") == "staff: hidden from the model"


def test_levels_go_from_types_to_rows(cave):
    cave("privacy names staff")
    least = cave("vars staff")
    cave("privacy samples staff")
    most = cave("vars staff")

    assert least == "staff: DataFrame"
    assert "Anna" in most and "51234" in most


def test_an_alias_is_shown_as_the_model_sees_it_and_given_up_by_show(cave):
    told = cave("alias staff.full_name")
    card = cave("vars staff")
    cave("show staff.full_name")

    assert told == "staff.full_name: the model knows it as col_01."
    assert "col_01 str" in card and "full_name" not in card
    assert cave("alias") == "No column has an alias."


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("hide stuff", "There is no variable called `stuff`. Did you mean `staff`?"),
        ("hide staff.pai", "There is no column in `staff` called `pai`. Did you mean `pay`?"),
        ("privacy secret", "'secret' is no level: there are names, schema, stats, samples."),
        ("privacy names staff.pay", "A level is for a whole variable. For a column: %cave hide staff.pay"),
        ("alias staff", "Only columns can have an alias: write %cave alias staff.COLUMN."),
        ("alias sites.open", "also a variable, so an alias would be ambiguous"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_to_write(cave, driver, line, says):
    driver.runtime.shell.user_ns["open"] = 3

    with pytest.raises(UsageError) as caught:
        cave(line)

    assert says in str(caught.value)


def test_what_the_model_was_told_is_forgotten_when_the_settings_tighten(cave, driver):
    driver.stream.tell("staff has pay")

    told = cave("hide staff.pay")

    assert told.endswith("so the conversation so far is forgotten.") and driver.stream.messages == ()


def test_personal_columns_are_suggested_once(driver):
    first, second = suggestion(driver), suggestion(driver)

    assert first.startswith("These columns look personal: staff.full_name.")
    assert second == ""


def test_egress_lists_the_requests_and_the_file(cave, driver):
    nothing = cave("egress")
    driver.ledger().record("reply", "m", "api.example.org", 5, Request("be kind", (Message("user", "hi"),)))
    table = cave("egress")

    assert nothing.startswith("No request has left yet.")
    assert "api.example.org" in table
    assert "1 requests, 1 of them to other machines: 27 characters." in table
    assert str(driver.ledger().path) in table


def test_a_database_is_asked_for_its_tables_once_that_is_allowed(cave, driver):
    driver.runtime.shell.user_ns["db"] = connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE orders (id INTEGER)")

    assert "without a query" in cave("vars db")
    assert cave("show --query db") == cave("vars db")
    assert cave("vars db") == "db: sqlite3 Connection [orders 0 rows: id INTEGER]"
    assert "asked for their tables: db; %cave hide ends it" in cave("privacy")
    with pytest.raises(UsageError, match="`staff` is no database"):
        cave("show --query staff")


def test_figures_go_as_pictures_only_after_they_were_allowed_and_until_that_ends(cave, driver):
    cave("show --pictures")
    allowed, listed = driver.disclosure.privacy.pictures, cave("privacy")
    cave("hide --pictures")

    assert (allowed, driver.disclosure.privacy.pictures) == (True, False)
    assert "Figures of steps go to models that take pictures" in listed
    with pytest.raises(UsageError, match="write it alone"):
        cave("show --pictures staff")
