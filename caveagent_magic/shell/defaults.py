"""Defaults that a front end hands over from the person's settings; what was set in the kernel wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from traitlets import TraitError

from caveagent_magic.errors import UsageError

if TYPE_CHECKING:
    from caveagent_magic.shell.magic import CaveMagics

NAMES = ("model", "base_url", "approval", "max_steps", "budget", "privacy")


def take(settings: object, magics: CaveMagics) -> dict[str, str]:
    """Take over what nobody has set here; gives for each other setting why it stays as it is."""
    if not isinstance(settings, Mapping):
        raise UsageError("The settings must be names with values.")
    return {name: why for name in NAMES if name in settings if (why := _take(name, settings[name], magics))}


def _take(name: str, value: object, magics: CaveMagics) -> str:
    now, default = getattr(magics, name), magics.traits()[name].default()
    if value == now:
        magics.given[name] = value
        return ""
    if name in magics.config.get("CaveMagics", {}):
        return f"stays {now!r}: the configuration of the kernel says so"
    if now not in (default, magics.given.get(name, default)):
        return f"stays {now!r}: it was set in this session"
    driver = magics.driver
    if why := driver.policy().caps.beyond(name, value):
        return f"stays {now!r}: {why}"
    if name == "privacy" and driver.disclosure.privacy.level != now:
        return f"stays {driver.disclosure.privacy.level!r}: it was set in this session"
    try:
        setattr(magics, name, value)
    except TraitError as error:
        return str(error)
    magics.given[name] = value
    if name == "privacy":
        driver.disclosure.privacy = replace(driver.disclosure.privacy, level=magics.privacy)
    return ""
