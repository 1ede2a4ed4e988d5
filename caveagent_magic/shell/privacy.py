"""`%cave privacy`, `hide`, `show`, `alias` and `egress`: what the model may know, and what has left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from caveagent_magic.errors import UsageError
from caveagent_magic.injection.alias import new_alias
from caveagent_magic.injection.levels import LEVELS, MEANING, Level, Privacy, column_of
from caveagent_magic.injection.privacy import checked, same_columns
from caveagent_magic.injection.queried import can_be_asked
from caveagent_magic.injection.secrets import Results
from caveagent_magic.injection.suspects import suspects

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver

QUERY, PICTURES = "--query", "--pictures"
SHOWN_REQUESTS = 10
SUGGESTED = 6
PICTURES_GO = (
    "Figures of steps go to models that take pictures, with all that can be read from them, but not while "
    "anything is hidden, has an alias or the level names. %cave hide --pictures ends it."
)
FORGOTTEN = " The model had been told before, so the conversation so far is forgotten."


def level(words: Sequence[str], driver: Driver) -> str:
    """The text of `%cave privacy [LEVEL [NAME…]]`."""
    words = _unquoted(words)
    if not words:
        return "\n".join(_shown(driver.disclosure.privacy))
    chosen = next((each for each in LEVELS if each == words[0]), None)
    if chosen is None:
        raise UsageError(f"{words[0]!r} is no level: there are {', '.join(LEVELS)}.")
    names = checked(words[1:], driver.runtime.variables())
    if columns := [name for name in names if "." in name]:
        raise UsageError(f"A level is for a whole variable. For a column: %cave hide {columns[0]}")
    return f"{_words(chosen, names)}{_set(driver, _at(driver.disclosure.privacy, chosen, names))}"


def hide(words: Sequence[str], driver: Driver) -> str:
    """The text of `%cave hide NAME[.COLUMN]…`, or `%cave hide --pictures`."""
    if PICTURES in words:
        return _pictures(words, driver, go=False)
    variables = driver.runtime.variables()
    entries = checked(_unquoted(words), variables)
    if not entries:
        raise UsageError("Write %cave hide NAME or %cave hide NAME.COLUMN.")
    others = [other for entry in entries for other in same_columns(entry, variables) if other not in entries]
    told = _set(driver, driver.disclosure.privacy.hiding(entries))
    too = f" So are {', '.join(others)}; %cave show {others[0]} gives it back." if others else ""
    return f"Hidden from the model: {', '.join(entries)}.{too}{told}"


def show(words: Sequence[str], driver: Driver) -> str:
    """The text of `%cave show [--query] NAME[.COLUMN]…`: they are hidden no more; their cards."""
    if PICTURES in words:
        return _pictures(words, driver, go=True)
    variables = driver.runtime.variables()
    entries = checked(_unquoted([word for word in words if word != QUERY]), variables)
    privacy = driver.disclosure.privacy
    if QUERY in words:
        privacy = privacy.asking(_databases(entries, variables))
    labels = {column_of(entry) for entry in entries} - {""}
    aliases = tuple(alias for alias in privacy.aliases if alias.label not in labels)
    _set(driver, replace(privacy.showing(entries), aliases=aliases))
    return "\n".join(
        driver.card(name) for name in dict.fromkeys(entry.partition(".")[0] for entry in entries)
    )


def _pictures(words: Sequence[str], driver: Driver, *, go: bool) -> str:
    if len(words) > 1:
        raise UsageError(f"{PICTURES} is for all figures: write it alone.")
    if go and (why := driver.policy().caps.beyond("privacy", "samples")):
        raise UsageError(f"A picture can show any value, and the privacy level cannot be samples: {why}.")
    told = _set(driver, replace(driver.disclosure.privacy, pictures=go))
    return f"{PICTURES_GO if go else 'Figures stay here from now on.'}{told}"


def _databases(entries: Sequence[str], variables: Mapping[str, object]) -> Sequence[str]:
    """The entries, if each can be asked for its tables; raises `UsageError`."""
    for entry in entries:
        if entry not in variables or not can_be_asked(variables[entry]):
            raise UsageError(
                f"`{entry}` is no database that can be asked for its tables: {QUERY} is for connections of "
                "sqlite3, DuckDB and SQLAlchemy."
            )
    return entries


def alias(words: Sequence[str], driver: Driver) -> str:
    """The text of `%cave alias [NAME.COLUMN…]`."""
    variables, privacy = driver.runtime.variables(), driver.disclosure.privacy
    for entry in checked(_unquoted(words), variables):
        if "." not in entry:
            raise UsageError(f"Only columns can have an alias: write %cave alias {entry}.COLUMN.")
        if all(each.label != column_of(entry) for each in privacy.aliases):
            made = new_alias(entry, column_of(entry), privacy.aliases, variables)
            privacy = replace(privacy, aliases=(*privacy.aliases, made))
    told = _set(driver, privacy) if privacy != driver.disclosure.privacy else ""
    rows = [f"{each.entry}: the model knows it as {each.token}." for each in privacy.aliases]
    return "\n".join(rows or ["No column has an alias."]) + told


def egress(words: Sequence[str], driver: Driver) -> str:
    """The text of `%cave egress`: the last requests, and what all of them come to."""
    ledger = driver.ledger()
    lines = list(ledger.lines())
    where = f"Written down in {ledger.path} before each is sent ({ledger.keeps})."
    if ledger.keeps == "off":
        where = "Nothing is written down: CaveMagics.ledger is 'off'."
    if not lines:
        return f"No request has left yet. {where}"
    rows = ["time                 to                            kind      tokens  characters  sha256"]
    for line in lines[-SHOWN_REQUESTS:]:
        rows.append(
            f"{str(line.get('time', ''))[:19]:<20} {_target(line):<29} {line.get('kind', ''):<7}"
            f"{line.get('tokens', 0):>9,}{line.get('characters', 0):>12,}  {str(line.get('sha256', ''))[:12]}"
        )
    away = [line for line in lines if line.get("host")]
    rows.append(
        f"{len(lines):,} requests, {len(away):,} of them to other machines: "
        f"{sum(line.get('characters', 0) for line in away):,} characters."
    )
    return "\n".join([*rows, where])


def suggestion(driver: Driver) -> str:
    """A hint at columns that look personal and are not hidden, each named once; empty: there are none."""
    found = [
        entry
        for entry in suspects(driver.runtime.variables(), driver.disclosure.privacy)
        if entry not in driver.suggested
    ]
    driver.suggested.update(found)
    if not found:
        return ""
    more = f" and {len(found) - SUGGESTED} more" if len(found) > SUGGESTED else ""
    listed = " ".join(f'"{entry}"' if " " in entry else entry for entry in found[:SUGGESTED])
    return (
        f"These columns look personal: {', '.join(found[:SUGGESTED])}{more}. "
        "The model is told their names and types, not their values. "
        f"To keep the names too: %cave hide {listed}"
    )


def _at(privacy: Privacy, chosen: Level, names: Sequence[str]) -> Privacy:
    if not names:
        return privacy.at(chosen)
    for name in names:
        privacy = privacy.at(chosen, name)
    return privacy


def _set(driver: Driver, privacy: Privacy) -> str:
    """Apply the settings; where they tighten, what was told under the old ones is forgotten.

    Raises `UsageError` where they tell more than the administrator allows.
    """
    for chosen in (privacy.level, *privacy.names.values()):
        if why := driver.policy().caps.beyond("privacy", chosen):
            raise UsageError(f"The privacy level cannot be {chosen}: {why}.")
    before, driver.disclosure.privacy = driver.disclosure.privacy, privacy
    if not _tighter(before, privacy):
        return ""
    driver.disclosure.results = Results()
    told = bool(driver.stream.messages)
    driver.stream.reset()
    return FORGOTTEN if told else ""


def _tighter(before: Privacy, after: Privacy) -> bool:
    names = {*before.names, *after.names}
    lower = any(LEVELS.index(after.of(name)) < LEVELS.index(before.of(name)) for name in ("", *names))
    lower = lower or (before.pictures and not after.pictures)
    return lower or bool({*after.hidden} - {*before.hidden}) or bool({*after.aliases} - {*before.aliases})


def _words(chosen: Level, names: Sequence[str]) -> str:
    whose = f"of {', '.join(names)}" if names else "of this notebook"
    return f"The privacy level {whose} is {chosen}: {MEANING[chosen]}."


def _shown(privacy: Privacy) -> Iterator[str]:
    for each in LEVELS:
        yield f"{'→' if each == privacy.level else ' '} {each:<8} {MEANING[each]}"
    yield from (f"{name}: {chosen}" for name, chosen in privacy.names.items())
    if privacy.hidden:
        yield f"hidden: {', '.join(privacy.hidden)}"
    if privacy.shown:
        yield f"shown all the same: {', '.join(privacy.shown)}"
    if privacy.pictures:
        yield PICTURES_GO
    if privacy.asked:
        yield f"asked for their tables: {', '.join(privacy.asked)}; %cave hide ends it"
    yield from (f"{each.entry} is told as {each.token}" for each in privacy.aliases)


def _target(line: dict[str, object]) -> str:
    return str(line.get("host") or "this machine")[:28]


def _unquoted(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip("\"'") for word in words)
