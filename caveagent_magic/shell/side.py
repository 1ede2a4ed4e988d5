"""What a side panel shows between two cells: variables as the model sees them, the rules, what has left."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.egress.offer import offered
from caveagent_magic.errors import CaveError
from caveagent_magic.injection.card import labels, summary
from caveagent_magic.injection.escape import label
from caveagent_magic.injection.levels import LEVELS, in_full
from caveagent_magic.injection.words import cards_text
from caveagent_magic.models.tokens import estimate
from caveagent_magic.ports import Task
from caveagent_magic.shell import cells, privacy
from caveagent_magic.shell.defaults import take
from caveagent_magic.shell.drive import Driver, fitted

if TYPE_CHECKING:
    from caveagent_magic.shell.magic import CaveMagics

MOST_VARIABLES, MOST_COLUMNS = 200, 100
SHOWN_REQUESTS = 10
SETTINGS = {"hide": privacy.hide, "show": privacy.show, "alias": privacy.alias, "privacy": privacy.level}
Json = dict[str, Any]


def answer(content: Mapping[str, Any], magics: CaveMagics) -> Json:
    """Answer one request; a mistake is told in words."""
    try:
        magics.driver.caps(magics.driver.policy())
        match content.get("verb"):
            case "look":
                return {"status": "ok", **look(magics)}
            case "report":
                return {"status": "ok", **report(magics)}
            case "defaults":
                return {"status": "ok", "kept": take(content.get("settings"), magics)}
            case "cells":
                return {"status": "ok", **cells.answer(magics.driver)}
        return {"status": "ok", "message": change(content, magics.driver), **look(magics)}
    except CaveError as error:
        return {"status": "error", "message": str(error)}


def look(magics: CaveMagics) -> Json:
    """The variables with what holds for each, and the text that tells the model of them."""
    driver = magics.driver
    variables = driver.runtime.variables()
    text = preview(magics)
    return {
        "level": driver.disclosure.privacy.level,
        "levels": [{"level": level, "meaning": in_full(level)} for level in LEVELS],
        "variables": [
            _variable(name, obj, driver) for name, obj in islice(variables.items(), MOST_VARIABLES)
        ],
        "more": max(0, len(variables) - MOST_VARIABLES),
        "text": text,
        "tokens": estimate(text),
    }


def preview(magics: CaveMagics) -> str:
    """The cards as a conversation that begins now would tell them."""
    driver = magics.driver
    task = Task(turn="", prompt="", card_tokens=magics.card_tokens)
    task = fitted(task) if driver.small else task
    disclosure = Disclosure(privacy=driver.disclosure.privacy, results=driver.disclosure.results)
    disclosure.begin(task)
    return disclosure.told(cards_text(offered(task, driver.runtime, disclosure, task.card_tokens)))


def change(content: Mapping[str, Any], driver: Driver) -> str:
    """Hide, show, alias or set a level, just as `%cave` does; gives its words."""
    words, setting = content.get("words"), SETTINGS.get(str(content.get("setting")))
    if setting is None or not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise CaveError(f"The setting must be one of {', '.join(SETTINGS)}, with a list of words.")
    return setting(words, driver)


def report(magics: CaveMagics) -> Json:
    """The policy with its sources, what was used, and the last requests of the ledger."""
    from caveagent_magic.shell.policy import remarks, rules, sources  # heavy, and only this asks

    driver = magics.driver
    policy, ledger = driver.policy(), driver.ledger()
    costs = [usage.cost for usage in driver.usage]
    return {
        "rules": [
            {"capability": capability, "judgement": judgement, "scope": scope, "source": source}
            for capability, _, judgement, scope, source in rules(policy)
        ],
        "remarks": list(remarks(policy)),
        "sources": sources(policy),
        "approval": magics.approval,
        "replies": len(driver.usage),
        "tokens": sum(usage.input + usage.cached + usage.output for usage in driver.usage),
        "cost": None if None in costs else sum(cost for cost in costs if cost is not None),
        "requests": [_request(line) for line in list(ledger.lines())[-SHOWN_REQUESTS:]],
        "ledger": str(ledger.path) if ledger.keeps != "off" else "",
    }


def _variable(name: str, obj: object, driver: Driver) -> Json:
    settings, found = driver.disclosure.privacy, labels(obj)
    hidden = {label(column) for column in settings.hidden_columns(name)}
    tokens = {label(alias.label): alias.token for alias in settings.aliases}
    return {
        "name": name,
        "summary": summary(obj),
        "hidden": name in settings.hidden_names,
        "level": settings.of(name),
        "columns": [
            {"name": column, "hidden": column in hidden, "alias": tokens.get(column, "")}
            for column in found[:MOST_COLUMNS]
        ],
        "more": max(0, len(found) - MOST_COLUMNS),
    }


def _request(line: Mapping[str, Any]) -> Json:
    kept = ("time", "kind", "host", "model", "tokens", "characters")
    return {key: line.get(key, "") for key in kept}
