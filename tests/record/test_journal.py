"""Lines are only ever added, whole, whatever happens."""

import multiprocessing
import os
import resource
import signal

import pytest

from caveagent_magic.record import journal as module
from caveagent_magic.record.journal import CannotRead, CannotRecord, Journal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "analysis.cave.jsonl")


def test_what_was_added_is_there_in_its_order(journal):
    journal.append([b"one", b"two"])
    journal.append([b"three"])

    assert (journal.lines(), journal.notebook) == ((b"one", b"two", b"three"), "analysis")


def test_a_last_line_that_a_crash_cut_short_stays_a_line_of_its_own(journal):
    journal.append([b"one"])
    with journal.path.open("ab") as file:
        file.write(b"half a li")

    journal.append([b"two"])

    assert journal.lines() == (b"one", b"half a li", b"two")


def _write(path, name, count):
    for number in range(count):
        Journal(path).append([f"{name} {number} {'x' * 5000}".encode()])


def test_two_kernels_on_one_notebook_lose_and_mix_nothing(journal):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(journal.path, name, 40)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    told = [line.decode().rsplit(" ", 1)[0] for line in journal.lines()]
    assert [line for line in told if line[0] == "a"] == [f"a {number}" for number in range(40)]
    assert [line for line in told if line[0] == "b"] == [f"b {number}" for number in range(40)]
    assert len(told) == 80


def test_a_full_disk_leaves_no_half_line_and_is_said(journal):
    journal.append([b"one"])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))  # bytes: the second line has no room
    try:
        with pytest.raises(CannotRecord, match=r"could not be recorded .*It is kept in memory"):
            journal.append([b"two that is long"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)

    assert journal.lines() == (b"one",)


def test_a_link_planted_in_its_place_is_not_written_through(journal, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    journal.path.symlink_to(victim)

    with pytest.raises(CannotRecord):
        journal.append([b"one"])
    with pytest.raises(CannotRead):
        journal.lines()

    assert victim.read_text() == "mine"


def test_a_pipe_planted_in_its_place_is_not_waited_for(journal):
    os.mkfifo(journal.path)

    with pytest.raises(CannotRead, match="not an ordinary file"):
        journal.lines()
    with pytest.raises(CannotRecord, match="not an ordinary file"):
        journal.append([b"one"])


def test_a_lock_that_is_never_let_go_is_not_waited_for_forever(journal, monkeypatch):
    import fcntl

    monkeypatch.setattr(module, "PATIENCE", 0.05)
    journal.append([b"one"])
    with journal.path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CannotRecord, match="locked"):
            journal.append([b"two"])


def test_a_record_of_a_size_that_nobody_wrote_is_not_read(journal):
    with journal.path.open("wb") as file:
        file.truncate(module.LARGEST + 1)

    with pytest.raises(CannotRead, match="larger than"):
        journal.lines()
