"""What of the notebook may reach the model: every text that is told to it passes here.

Output is compared with the data before it is told, and values that the person did not allow are left out;
renamed columns go by their aliases, and in code by their real names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from caveagent_magic import events as ev
from caveagent_magic.frozen import slotted
from caveagent_magic.injection.alias import Aliases, AmbiguousAlias, Reading
from caveagent_magic.injection.cells import Unread
from caveagent_magic.injection.escape import bounded, harmless
from caveagent_magic.injection.levels import Privacy, column_of
from caveagent_magic.injection.outside import brings_in
from caveagent_magic.injection.secrets import HoldsCells, Results, as_they_are, identities, secrets_of
from caveagent_magic.injection.tokens import tokens, words
from caveagent_magic.injection.withhold import MARK, OutOfTime, Secret, Withholder
from caveagent_magic.observation.texts import by_size, printed, with_texts

if TYPE_CHECKING:
    from caveagent_magic.ports import Task

NOTE = (
    f"{MARK} stands for values of the person's data that are not told here; the person sees them. "
    "Aggregate, or go on without them."
)
WITHHELD = "[{}, not shown here{}]"
GUARD_WITHHELD = "[something about data that you are not told of]"
SLOW = ": the data are too large to compare it with in time"
# What brings in data that may be in no variable, so that output has nothing to be compared with.
READING: frozenset[ev.Capability] = frozenset(
    {"read_file", "network", "process", "deserialization", "native", "unknown", "dynamic_code", "secrets"}
)
Namespace = Mapping[str, object]
Telling = Generator[ev.Event, None, str]


@slotted
class Disclosure:
    """The settings of the notebook, and what is known of the step that is under way."""

    privacy: Privacy = field(default_factory=Privacy)
    cell: Privacy = field(default_factory=Privacy)  # with what the running cell hides and shows
    results: Results = field(default_factory=Results)
    _before: tuple[Secret, ...] = ()  # the data as they were before the step
    _there: frozenset[int] = frozenset()  # what was there then; empty: nothing ran
    _said: str = ""  # what the model has been told and has written
    _reads: bool = False
    _forgets: bool = False  # the data of before are not kept, as no model is to be told of the step
    _foreign: tuple[str, ...] = ()  # texts of findings and effects, which may hold values
    _gone: frozenset[str] = frozenset()  # words that were withheld from cards, also when their data are gone

    def begin(self, task: Task) -> None:
        """A cell begins."""
        self.cell = self.privacy.for_cell(hide=task.hide, show=task.show)
        self._said, self._reads, self._foreign = task.prompt, False, ()

    @property
    def aliases(self) -> Aliases:
        """The names that the model knows columns by."""
        return Aliases(self.cell.aliases)

    def told(self, text: str) -> str:
        """Any text as the model is to read it."""
        return self.aliases.told(text)

    def code(self, code: str, namespace: Namespace) -> str:
        """The model's code as it will run; raises `AmbiguousAlias`."""
        return self.aliases.code(code, namespace)

    def shown(self, code: str, namespace: Namespace, complete: bool) -> str:
        """The model's code as the person reads it, while it is written and when it cannot be run."""
        with suppress(AmbiguousAlias):
            return self.code(code, namespace) if complete else self.aliases.read(code)
        return code

    def reading(self) -> Reading:
        """The model's prose as the person reads it."""
        return Reading(self.aliases)

    def step(
        self, events: Telling, code: str, namespace: Namespace, conversation: str, silent: bool = False
    ) -> Telling:
        """The events of a step; what is observed, and returned, holds what may be told.

        `silent`: no model is there to be told of what was approved before.
        """
        self._said, self._foreign = f"{conversation}\n{code}", ()
        self._there, self._before, self._forgets = frozenset(), (), False
        self._reads = self._brings_in(code, namespace)
        try:
            while True:
                event = next(events)
                self._note(event, namespace)
                if isinstance(event, ev.Observed):
                    event = replace(event, text=self.outgoing(event.text, namespace))
                yield event
                if isinstance(event, ev.Decided) and event.action in ("run", "adopt"):
                    self._forgets = silent and event.by == "record"
                    if not self._forgets:
                        self._remember(namespace)
        except StopIteration as end:
            text = self.outgoing(str(end.value), namespace)
        finally:
            events.close()
        self._there, self._before = frozenset(), ()
        return text

    def outputs(self, outputs: tuple[ev.Output, ...], namespace: Namespace) -> tuple[ev.Output, ...]:
        """The outputs of a step without the values that stay here."""
        if self.cell.changes_nothing or not outputs:
            return outputs
        why = " at this privacy level"
        if self.cell.level != "names":
            try:
                withhold = self._withholder(namespace)
                left = tuple(with_texts(output, withhold) for output in outputs)
            except OutOfTime:
                why = SLOW
            except Unread as error:
                why = f": it cannot be compared with {error}"
            else:
                return (*left, printed(NOTE)) if withhold.count else left
        return tuple(by_size(output, lambda what: WITHHELD.format(what, why)) for output in outputs)

    def changes(self, changes: ev.Changes) -> ev.Changes:
        """The changes without what is hidden, and without the values, which are for the person."""
        hidden = {column_of(entry) for entry in self.cell.hidden if "." in entry}
        partly = {entry.partition(".")[0] for entry in self.cell.hidden if "." in entry}

        def shown(found: tuple[ev.Change, ...]) -> Iterator[ev.Change]:
            for change in found:
                if change.name not in self.cell.hidden_names:
                    vague = change.name in partly or bool(hidden & words(change.summary))
                    vague = vague or self.cell.of(change.name) == "names"
                    yield replace(change, summary="…" if vague else change.summary, values="")

        added, changed, removed = map(shown, (changes.added, changes.changed, changes.removed))
        return ev.Changes(tuple(added), tuple(changed), tuple(removed))

    def guards(self, guards: Iterable[ev.Change | str]) -> list[str]:
        """What is to stay true, in words; one that names something hidden is checked, and not told."""
        hidden = [words(column_of(entry) or entry) for entry in self.cell.hidden]
        texts = [each if isinstance(each, str) else each.name for each in guards]
        return [
            GUARD_WITHHELD if any(name <= words(text) for name in hidden) else self.told(text)
            for text in texts
        ]

    def may_name_cells(self, obj: object) -> bool:
        """Whether names inside the object may be values of the data."""
        return not self.cell.changes_nothing and self._made_of(obj)

    def cards(
        self, cards: Iterable[ev.VariableCard], namespace: Namespace, *, fresh: bool = False
    ) -> tuple[ev.VariableCard, ...]:
        """The cards without names that are values: keys of dictionaries, columns that a step made of cells.

        All that is `fresh` is looked at, also a table that is too large to be a result.
        """
        return tuple(
            self._without_values(card, namespace)
            if card.details and self._to_compare(namespace.get(card.name), fresh)
            else card
            for card in cards
        )

    def _to_compare(self, obj: object, fresh: bool) -> bool:
        return not self.cell.changes_nothing and (fresh or self._made_of(obj))

    def _made_of(self, obj: object) -> bool:
        return type(obj) is dict or self.results.holds(obj)

    def _without_values(self, card: ev.VariableCard, namespace: Namespace) -> ev.VariableCard:
        own = namespace.get(card.name)
        try:
            withhold = self._withholder({n: obj for n, obj in namespace.items() if obj is not own})
            withhold.unchecked, withhold.gone = False, self._gone
            details = tuple(harmless(withhold(each)) for each in card.details)
            self._gone |= withhold.withheld
            return replace(card, details=details)
        except (OutOfTime, Unread):
            return replace(card, details=())

    def _withholder(self, namespace: Namespace) -> Withholder:
        secrets = (*secrets_of(namespace, self.cell, self.results), *self._before)
        known = {token.text.casefold() for token in tokens(self._said)} | words(self._said)
        return Withholder(secrets, known, unchecked=self._reads)

    def _brings_in(self, code: str, namespace: Namespace) -> bool:
        return brings_in(code, namespace, self.results.holds)

    def _note(self, event: ev.Event, namespace: Namespace) -> None:
        """Take notice of what the step shows of itself."""
        if isinstance(event, ev.Judged):
            self._foreign += tuple(finding.message for finding in event.verdict.findings)
            self._reads |= any(finding.capability in READING for finding in event.verdict.findings)
        elif isinstance(event, ev.CodeProposed):  # edited by the person
            self._said += f"\n{event.code}"
            self._reads |= self._brings_in(event.code, namespace)
        elif isinstance(event, ev.Decided):
            self._said += f"\n{event.note}"
        elif isinstance(event, ev.Ran | ev.Rehearsed):
            self._foreign += tuple(effect.target for effect in event.effects)
            touched = (*event.changes.added, *event.changes.changed)
            if isinstance(event, ev.Ran):
                gone = (*event.changes.changed, *event.changes.removed, event.changes.note)
                self._reads |= self._forgets and any(gone)  # should a model be told of it after all
                self._hide_names_of_cells([change.name for change in event.changes.added], namespace)
            self._said += "".join(f"\n{change.name} {_sizes(change.summary)}" for change in touched)
            if isinstance(event, ev.Ran):
                self._learn(namespace)

    def made(self, names: Iterable[str], namespace: Namespace) -> dict[str, Any]:
        """Which of these names are results, for the record: their columns that are copies, no values."""
        found = {name: namespace[name] for name in names if self.results.holds(namespace.get(name))}
        results = {name: sorted(self.results.copied(obj)) for name, obj in found.items()}
        return {"results": results, "privacy": self._settings()}

    def made_again(self, results: Mapping[str, Iterable[int]], settings: str, namespace: Namespace) -> None:
        """The same results, content and all, were made anew; they are known only under the same settings."""
        if settings == self._settings():
            for name, copied in results.items():
                if name in namespace:
                    self.results.note(namespace[name], copied)

    def _settings(self) -> str:
        cell = replace(self.cell, names=dict(sorted(self.cell.names.items())))
        return hashlib.sha256(repr(cell).encode()).hexdigest()[:16]

    def _hide_names_of_cells(self, added: Iterable[str], namespace: Namespace) -> None:
        """A name that is not written in the code may be made of values: then the model is not told of it."""
        built = [name for name in added if not words(self._said).issuperset({name.casefold()})]
        made_of_cells = [name for name in built if self._withheld(name, namespace) != name]
        self.cell, self.privacy = self.cell.hiding(made_of_cells), self.privacy.hiding(made_of_cells)

    def _remember(self, namespace: Namespace) -> None:
        """Keep the data as they are before code changes them."""
        self._there = identities(namespace)
        if not self.cell.changes_nothing and self.cell.level != "names":
            try:
                self._before = as_they_are(secrets_of(namespace, self.cell, self.results))
            except Unread:
                self._before = ()  # told of when the outputs are looked at

    def _learn(self, namespace: Namespace) -> None:
        """The code has run: what it made of data that could be seen is a result, also where it is printed."""
        if self._there:
            try:
                self.results.after_step(namespace, self._there, None if self._reads else self._holds_cells())
            except (OutOfTime, Unread):
                self.results.after_step(namespace, self._there, None)

    def _holds_cells(self) -> HoldsCells:
        withhold = Withholder(self._before, set())

        def holds(text: str) -> bool:
            before = withhold.count
            withhold(text)
            return withhold.count > before

        return holds

    def outgoing(self, text: str, namespace: Namespace) -> str:
        """The text of a step without values in the words of findings and effects."""
        for foreign in sorted(set(self._foreign), key=len, reverse=True):
            spelt = bounded(foreign)
            if spelt and spelt in text:
                text = text.replace(spelt, self._withheld(spelt, namespace))
        return self.told(text)

    def _withheld(self, text: str, namespace: Namespace) -> str:
        if self.cell.changes_nothing:
            return text
        try:
            withhold = self._withholder(namespace)
            withhold.unchecked = False
            return harmless(withhold(text))
        except (OutOfTime, Unread):
            return MARK


def _sizes(summary: str) -> str:
    """Only the numbers of a summary, which are sizes."""
    return " ".join(token.text for token in tokens(summary) if token.value is not None)
