"""The model may ask one question back in a turn; where nobody answers, it says what it assumed."""

from __future__ import annotations

from caveagent_magic import events as ev
from caveagent_magic.frozen import slotted
from caveagent_magic.injection.card import labels
from caveagent_magic.injection.escape import label
from caveagent_magic.ports import Ports
from caveagent_magic.semantic import prompt
from caveagent_magic.semantic.question import question_in
from caveagent_magic.step.at import At, Telling

MOST_COLUMNS = 200


@slotted
class AskingBack:
    """The one question of a turn."""

    ports: Ports
    question: ev.Question | None = None
    open: bool = False  # it was asked, and not answered

    def in_reply(self, prose: str) -> bool:
        """Whether a reply asks something, for the first time in this turn."""
        if self.question is None:
            self.question = self._question(self.ports.disclosure.aliases.read(prose))
            return self.question is not None
        return False

    def ask(self, at: At) -> Telling:
        """Ask, and tell the model the answer."""
        assert self.question is not None
        if self.ports.broker.attended():
            pending = self.ports.broker.ask(self.question, at.turn, at.step)
            yield ev.QuestionAsked(self.question, pending.nonce, **at.fields)
            answer, by = pending.wait(), "user"
            yield ev.QuestionAnswered(answer, "user", **at.fields)
        else:
            answer, by = "", "nobody"
            yield ev.QuestionAsked(self.question, "", **at.fields)
            yield ev.QuestionAnswered("", "nobody", **at.fields)
        self.open = not answer
        told = prompt.answered(answer) if answer else prompt.unanswered(nobody=by == "nobody")
        return self.ports.disclosure.told(told)

    def listed(self, answer: str) -> str:
        """The answer, in which the question stands that was left open."""
        if self.question is None or not self.open:
            return answer
        return f"{answer}\n\nAsked and left open: {self.question.text}".strip()

    def _question(self, prose: str) -> ev.Question | None:
        asked = question_in(prose)
        if asked is None:
            return None
        options = self._columns(asked.of) if asked.kind == "column" else asked.options
        if asked.kind != "number" and not options:
            return None
        return ev.Question(asked.text, asked.kind, options)

    def _columns(self, name: str) -> tuple[str, ...]:
        """The columns of a variable that the model may know of."""
        privacy = self.ports.disclosure.privacy
        variables = self.ports.runtime.variables()
        if name not in variables or name in privacy.hidden_names:
            return ()
        hidden = {label(column) for column in privacy.hidden_columns(name)}
        return tuple(column for column in labels(variables[name]) if column not in hidden)[:MOST_COLUMNS]
