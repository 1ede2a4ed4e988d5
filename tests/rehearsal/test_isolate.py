"""Attempts to reach the parent through what a fork shares with it, with and without a sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
from multiprocessing import shared_memory

import numpy as np
import pytest

from caveagent_magic.rehearsal import sandbox


@pytest.fixture(params=["what this machine has", "nothing"], autouse=True)
def held_by(request, monkeypatch):
    if request.param == "nothing":
        monkeypatch.setattr(sandbox, "probe", sandbox.Sandbox)


def test_the_offset_of_an_open_file_stays(try_call, tmp_path):
    (tmp_path / "data.txt").write_text("abcdef")
    with open(tmp_path / "data.txt", buffering=1) as file:
        file.read(1)
        trial = try_call(lambda emit: emit({"output_type": "stream", "name": "stdout", "text": file.read()}))

        assert trial.outputs[0]["text"] == "bcdef"
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 6 and file.read() == "bcdef"


def test_the_offset_of_a_descriptor_stays(try_call, tmp_path):
    (tmp_path / "data.txt").write_text("abcdef")
    descriptor = os.open(tmp_path / "data.txt", os.O_RDONLY)

    try_call(lambda emit: os.read(descriptor, 3))

    assert os.read(descriptor, 9) == b"abcdef"
    os.close(descriptor)


def test_text_written_to_an_open_file_does_not_arrive(try_call, tmp_path):
    with open(tmp_path / "log.txt", "a", buffering=1) as file:
        file.write("parent\n")
        trial = try_call(lambda emit: file.write("child\n"))
        file.write("parent again\n")

    assert (tmp_path / "log.txt").read_text() == "parent\nparent again\n"
    assert trial.stopped == ("" if sandbox.probe().overlay else "ended with OSError")


def test_text_that_the_parent_had_not_written_out_is_not_written_twice(try_call, tmp_path):
    with open(tmp_path / "log.txt", "w") as file:
        file.write("once\n")
        try_call(lambda emit: file.flush())

    assert (tmp_path / "log.txt").read_text() == "once\n"


def test_a_committed_insert_on_an_inherited_connection_is_not_there(try_call, tmp_path):
    connection = sqlite3.connect(tmp_path / "base.sqlite")
    connection.execute("create table t (a)")
    connection.execute("insert into t values (1)")
    connection.commit()

    def insert(emit):
        connection.execute("insert into t values (2)")
        connection.commit()

    trial = try_call(insert)

    assert connection.execute("select a from t").fetchall() == [(1,)]
    assert trial.stopped == ("" if sandbox.probe().overlay else "ended with OperationalError")
    connection.execute("insert into t values (3)")
    connection.commit()
    connection.close()


def test_a_writable_memory_map_is_copied_on_write(try_call, tmp_path):
    mapped = np.memmap(tmp_path / "array.bin", dtype="int64", mode="w+", shape=(1000,))

    def write(emit):
        mapped[:] = 7
        mapped.flush()
        emit({"output_type": "stream", "name": "stdout", "text": str(mapped.sum())})

    trial = try_call(write)

    assert (trial.outputs[0]["text"], int(mapped.sum())) == ("7000", 0)
    assert set((tmp_path / "array.bin").read_bytes()) == {0}


def test_shared_memory_is_copied_on_write(try_call):
    shared = shared_memory.SharedMemory(create=True, size=4096)
    try:
        shared.buf[0] = 1
        try_call(lambda emit: shared.buf.__setitem__(0, 9))

        assert shared.buf[0] == 1
    finally:
        shared.close()
        shared.unlink()


def test_shared_memory_without_a_name_is_copied(try_call):
    import mmap

    shared = mmap.mmap(-1, 4096)
    shared[0] = 1

    def write(emit):
        emit({"output_type": "stream", "name": "stdout", "text": str(shared[0])})
        shared[0] = 9

    trial = try_call(write)

    assert (trial.outputs[0]["text"], shared[0]) == ("1", 1)
    shared.close()


def test_bytes_sent_on_an_open_socket_do_not_arrive(try_call):
    ours, theirs = socket.socketpair()
    trial = try_call(lambda emit: ours.send(b"x"))
    theirs.setblocking(False)

    assert trial.stopped == "ended with BrokenPipeError"
    with pytest.raises(BlockingIOError):
        theirs.recv(1)
    ours.send(b"y")
    assert theirs.recv(9) == b"y"
    ours.close()
    theirs.close()


def test_closing_and_shutting_down_an_open_socket_does_not_reach_its_peer(try_call):
    ours, theirs = socket.socketpair()

    def hang_up(emit):
        try:
            ours.shutdown(socket.SHUT_RDWR)
        finally:
            ours.close()

    try_call(hang_up)

    ours.send(b"still open")
    assert theirs.recv(99) == b"still open"
    ours.close()
    theirs.close()


def test_a_byte_in_a_pipe_stays_there(try_call):
    out, into = os.pipe()
    os.write(into, b"z")

    try_call(lambda emit: os.read(out, 1))

    assert os.read(out, 9) == b"z"
    os.close(out)
    os.close(into)


def test_the_parents_event_loop_is_not_touched(try_call):
    loop = asyncio.new_event_loop()
    ours, theirs = socket.socketpair()
    heard = []
    loop.add_reader(theirs, lambda: (heard.append(theirs.recv(9)), loop.stop()))

    async def sleep():
        await asyncio.sleep(0.01)
        return "slept"

    def use_loops(emit):
        with contextlib.suppress(OSError):
            loop.remove_reader(theirs)
        emit({"output_type": "stream", "name": "stdout", "text": asyncio.run(sleep())})

    async def rehearse_inside():
        return try_call(use_loops)

    trial = loop.run_until_complete(rehearse_inside())
    ours.send(b"ping")
    loop.call_later(30, loop.stop)
    loop.run_forever()

    assert (trial.outputs[0]["text"], heard) == ("slept", [b"ping"])
    loop.close()
    ours.close()
    theirs.close()


def test_handlers_of_signals_are_not_inherited(try_call):
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        trial = try_call(lambda emit: os.kill(os.getpid(), signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert trial.stopped == "ended by signal SIGUSR1"


def test_descriptors_that_the_parent_has_keep_working(try_call, tmp_path):
    with open(tmp_path / "kept.txt", "w+") as file:
        for _ in range(3):
            try_call(lambda emit: os.closerange(3, 200))
            file.write("x")
            file.flush()

    assert (tmp_path / "kept.txt").read_text() == "xxx"
