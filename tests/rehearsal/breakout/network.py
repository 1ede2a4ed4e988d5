"""Sockets of every family, new ones and one that was open before."""

import os
import socket

from tests.rehearsal.breakout.attempts import attempt, folder, heard, say


class Server(socket.socket):
    """One that remembers its address."""


def arrives(server, action):
    """Whether anything comes in at a listening socket."""
    server.settimeout(0.05)
    yield action
    try:
        if server.type == socket.SOCK_STREAM:
            server.accept()[0].close()
        else:
            server.recv(9)
        arrived = True
    except (TimeoutError, BlockingIOError):
        arrived = False
    server.close()
    yield arrived


def listening(family, kind, address):
    server = Server(family, kind)
    server.bind(address)
    server.address = server.getsockname()  # in the rehearsal it is dead
    if kind == socket.SOCK_STREAM:
        server.listen()
    return server


@attempt("tcp")
def connect():
    server = listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.create_connection(server.address, timeout=1))


@attempt("udp")
def send():
    server = listening(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", server.address))


@attempt("tcp")
def fast_open():
    server = listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    yield from arrives(server, lambda: socket.socket().sendto(b"x", socket.MSG_FASTOPEN, server.address))


@attempt("local")
def connect_to_a_path():
    server = listening(socket.AF_UNIX, socket.SOCK_STREAM, str(folder() / "s"))
    yield from arrives(server, lambda: socket.socket(socket.AF_UNIX).connect(server.address))


@attempt("local")
def send_to_a_path():
    server = listening(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder() / "s"))
    sender = (socket.AF_UNIX, socket.SOCK_DGRAM)
    yield from arrives(server, lambda: socket.socket(*sender).sendto(b"x", server.address))


@attempt("local")
def send_from_a_pair():
    server = listening(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder() / "s"))
    pair = (socket.AF_UNIX, socket.SOCK_DGRAM)
    yield from arrives(server, lambda: socket.socketpair(*pair)[0].sendto(b"x", server.address))


@attempt("local")
def connect_to_an_abstract_name():
    server = listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0cave-{os.getpid()}")
    yield from arrives(server, lambda: socket.socket(socket.AF_UNIX).connect(server.address))


@attempt("local")
def speak_to_a_virtual_machine():
    said = []
    yield lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close() or said.append(1) or say()
    yield heard()


@attempt("local")
def write_to_inherited_socket():
    ours, theirs = socket.socketpair()
    yield from arrives_at(theirs, lambda: os.write(ours.fileno(), b"x"), ours)


def arrives_at(end, action, other):
    end.settimeout(0.05)
    yield action
    try:
        arrived = bool(end.recv(9))
    except TimeoutError:
        arrived = False
    end.close()
    other.close()
    yield arrived
