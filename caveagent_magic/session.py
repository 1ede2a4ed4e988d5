"""One turn: from the words in a `%%cave` cell to the results in the kernel, as a list of events."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from caveagent_magic import events as ev
from caveagent_magic.egress.disclosure import Telling
from caveagent_magic.egress.tell import privately, touched
from caveagent_magic.errors import CaveError, ModelError, NobodyToAsk, Stopped
from caveagent_magic.injection.alias import AmbiguousAlias
from caveagent_magic.models.base import Loading, Reply
from caveagent_magic.ports import Ports, Task
from caveagent_magic.semantic import prompt
from caveagent_magic.semantic.reply import CodePiece, ReplyReader
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.step import At, bind_result, take_step
from caveagent_magic.step.answer import Shown
from caveagent_magic.step.ask import AskingBack

CUT_NOTE = " … (the reply ended at the token limit)"


def turn(task: Task, ports: Ports) -> Generator[ev.Event]:
    """Every event of one cell, `TurnEnded` last; what ended it early is raised after that."""
    before, at = ports.stream.copy(), At(task.turn, 0)
    shown = Shown(ports.runtime.namespace, lambda: _unsent(task, ports))
    try:
        for event in _turn(task, ports):
            at = At(task.turn, event.step)
            yield shown.take(event)
        ports.stream.close(touched(task, ports))
    except (KeyboardInterrupt, Exception) as error:  # whatever happens, the turn is told to its end
        if ports.steps_run:
            ports.stream.tell(prompt.STOPPED)
            ports.stream.close(touched(task, ports))
        else:  # nothing ran: the cell can be run again as if it were new
            ports.stream.restore(before)
        if not isinstance(error, KeyboardInterrupt | Stopped):
            yield ev.Failed(str(error) or type(error).__name__, **at.fields)
        yield ev.TurnEnded(_reason(error), **at.fields)
        raise


def _turn(task: Task, ports: Ports) -> Iterator[ev.Event]:
    system, spent, asking = prompt.system(ports.model.small), 0, AskingBack(ports)
    before, silent = ports.stream.copy(), ports.silent
    started = _from_the_record(task, ports) if silent else _started(system, task, ports, At(task.turn, 0))
    opened = len(ports.stream.messages)
    yield started
    for step in range(1, task.max_steps + 1):
        at = At(task.turn, step)
        if silent and not ports.silent:
            silent = False
            started = _caught_up(before, ports.stream.messages[opened:], system, task, ports, at)
            yield started
        if task.budget and spent + _next(started.tokens, step, system, ports) > task.budget:
            yield ev.TurnEnded("budget", f"The budget of {task.budget:,} tokens is used up.", **at.fields)
            return
        reader, usage = yield from _reply(system, at, task, ports)
        spent += usage.input + usage.cached + usage.output
        if reader.code is None and asking.in_reply(reader.prose):
            ports.stream.tell((yield from asking.ask(at)))
            continue
        if reader.code is None:
            bind_result(task, ports)
            answer = asking.listed(ports.disclosure.aliases.read(reader.prose.strip()))
            yield ev.TurnEnded("done", answer, **at.fields)
            return
        told = (yield from _step(reader.code, at, task, ports, silent)) if reader.done else prompt.CUT
        ports.stream.tell(told)
        if broken := ports.steps_run[-1][1].broken if ports.steps_run else ():
            ports.stream.tell(prompt.broke(ports.disclosure.guards(broken)))
            yield ev.TurnEnded("broken", _broken(broken), **at.fields)
            return
        if task.plan:
            yield ev.TurnEnded("plan", **at.fields)
            return
    yield ev.TurnEnded("max_steps", f"Not done after {task.max_steps} steps.", **at.fields)


def _step(proposed: str, at: At, task: Task, ports: Ports, silent: bool) -> Telling:
    """Take the step with the columns' real names; where those cannot be told, the model mends its code."""
    try:
        code = ports.disclosure.code(proposed, ports.runtime.namespace)
    except AmbiguousAlias as error:
        yield ev.Observed(told := prompt.denied(str(error)), 0, **at.fields)
        return told
    return (yield from privately(take_step(code, at, task, ports), code, ports, silent))


def _unsent(task: Task, ports: Ports) -> tuple[ev.VariableCard, ...]:
    from caveagent_magic.egress.offer import unchecked

    return unchecked(task, ports.runtime, ports.disclosure, task.card_tokens).cards


def _from_the_record(task: Task, ports: Ports) -> ev.TurnStarted:
    """The turn runs again as it was recorded: no model is told anything, so nothing is looked up for one."""
    ports.disclosure.begin(task)
    ports.stream.open(task.prompt, task.prompt)
    return ev.TurnStarted(
        prompt=task.prompt,
        model=ports.model.name,
        cards=(),
        request_text="",
        tokens=0,
        tokens_estimated=False,
        cost=0.0,
        budget=task.budget,
        turn=task.turn,
        step=0,
    )


def _caught_up(
    before: Stream, missed: tuple[ev.Message, ...], system: str, task: Task, ports: Ports, at: At
) -> ev.TurnStarted:
    """The record does not go on, so a model is asked: first it is told what it has missed."""
    assert ports.approvals is not None
    ports.approvals.leave()
    ports.stream.restore(before)
    return _started(system, task, ports, at, missed)


def _started(
    system: str, task: Task, ports: Ports, at: At, missed: tuple[ev.Message, ...] = ()
) -> ev.TurnStarted:
    """Tell the model what is there and what is wanted; the event holds exactly what that adds."""
    from caveagent_magic.egress.offer import offered  # a replay tells no model anything
    from caveagent_magic.injection.choose import changed, known
    from caveagent_magic.injection.words import cards_text

    stream, model = ports.stream, ports.model
    ports.disclosure.begin(task)
    earlier = stream.settle(system, ports.runtime.keep)
    room = min(task.card_tokens, stream.card_tokens or task.card_tokens)
    chosen = offered(task, ports.runtime, ports.disclosure, room)
    first = not stream.messages and not earlier
    asked = prompt.task(
        task.prompt,
        cards_text(changed(stream.cards, chosen), stream.cards),
        first=first,
        out=task.out,
        keep="\n".join(ports.disclosure.guards(ports.checks.texts())),
    )
    message = ports.disclosure.told(stream.noted("\n\n".join(filter(None, (earlier, asked)))))
    stream.open(task.prompt, message)
    stream.show(known(stream.cards, chosen))
    stream.messages += missed
    tokens, estimated = model.count_tokens(stream.request(system))
    return ev.TurnStarted(
        prompt=task.prompt,
        model=model.name,
        cards=chosen.cards,
        request_text="\n\n".join((*([system] if first else []), message, *(each.text for each in missed))),
        tokens=tokens,
        tokens_estimated=estimated,
        cost=model.price(tokens, 0, 0),
        budget=task.budget,
        **at.fields,
    )


def _next(first: int, step: int, system: str, ports: Ports) -> int:
    """Tokens of the request that comes next."""
    return first if step == 1 else ports.model.count_tokens(ports.stream.request(system))[0]


def _reply(
    system: str, at: At, task: Task, ports: Ports
) -> Generator[ev.Event, None, tuple[ReplyReader, ev.Usage]]:
    """Stream one reply; reading stops when its first block of code has closed."""
    reader, started = ReplyReader(), ports.clock()
    prose = ports.disclosure.reading()
    request = ports.stream.request(system)
    with closing(ports.model.reply(request, task.reply_tokens)) as reply:
        try:
            for piece in reader.read(reply):
                if isinstance(piece, Loading):
                    yield ev.Progress(piece.text, piece.fraction, **at.fields)
                elif isinstance(piece, CodePiece):
                    shown = ports.disclosure.shown(piece.code, ports.runtime.namespace, piece.complete)
                    yield ev.CodeProposed(shown, complete=piece.complete, **at.fields)
                elif shown := prose.feed(piece.text):
                    yield ev.Prose(shown, **at.fields)
            if shown := prose.rest():
                yield ev.Prose(shown, **at.fields)
        except (KeyboardInterrupt, CaveError):
            yield _usage(reply, ports.clock() - started, at)  # what was read is paid for all the same
            raise
    if not reader.raw.strip():
        raise ModelError("The model gave an empty reply. Run the cell again.")
    if reply.cut and reader.code is not None:
        reader.done = False
    elif reply.cut:
        yield ev.Prose(CUT_NOTE, **at.fields)
        reader.prose += CUT_NOTE
    ports.stream.answered(reader.raw)
    usage = _usage(reply, ports.clock() - started, at)
    ports.stream.measure(request, usage.input + usage.cached)
    yield usage
    return reader, usage


def _usage(reply: Reply, seconds: float, at: At) -> ev.Usage:
    spent = reply.spent
    return ev.Usage(
        input=spent.input,
        cached=spent.cached,
        output=spent.output,
        cost=spent.cost,
        seconds=seconds,
        estimated=spent.estimated,
        **at.fields,
    )


def _broken(broken: tuple[ev.Change, ...]) -> str:
    named = "; ".join(f"{each.name} ({each.values})" for each in broken)
    return f"No longer true after this step: {named}. `%cave undo` takes the turn back."


def _reason(error: BaseException) -> ev.EndReason:
    if isinstance(error, KeyboardInterrupt | Stopped):
        return "stopped"
    return "nobody" if isinstance(error, NobodyToAsk) else "failed"
