"""Files and folders, and descriptors of them that were open before."""

import ctypes
import mmap
import os
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from tests.rehearsal.breakout.attempts import PARENT, C, attempt, folder


def seen(path):
    """All that can be known of a folder."""
    found = {}
    for each in sorted(path.rglob("*")):
        status = each.lstat()
        content = each.read_bytes() if each.is_file() and not each.is_symlink() else b""
        xattrs = os.listxattr(each, follow_symlinks=False)
        found[str(each)] = (
            status.st_mode,
            status.st_mtime_ns,
            status.st_uid,
            status.st_nlink,
            content,
            xattrs,
        )
    return found


def on_files(kind, action):
    """An attempt that should leave a folder as it was."""

    def both():
        path = folder()
        file = path / "data.txt"
        file.write_text("kept")
        (path / "other.txt").write_text("other")
        before = seen(path)
        yield lambda: action(path, file)
        yield seen(path) != before

    both.__name__ = action.__name__
    attempt(kind)(both)
    return action


def writes(action):
    return on_files("files", action)


def metadata(action):
    return on_files("metadata", action)


@writes
def open_to_write(path, file):
    (path / "new.txt").write_text("x")


@writes
def append(path, file):
    with open(file, "a") as opened:
        opened.write("x")


@writes
def raw_openat(path, file):
    C.syscall(257 if os.uname().machine == "x86_64" else 56, -100, os.fsencode(path / "raw"), 0o101, 0o644)


@writes
def with_arrow(path, file):
    pa.csv.write_csv(pa.table({"a": [1]}), str(path / "table.csv"))


@writes
def with_sqlite(path, file):
    connection = sqlite3.connect(":memory:")
    connection.execute(f"attach '{path / 'base.db'}' as b")
    connection.execute("create table b.t (a)")
    connection.commit()


@writes
def in_the_libc(path, file):
    C.fopen.restype = ctypes.c_void_p
    C.fopen(os.fsencode(path / "c"), b"w")


@writes
def mkdir(path, file):
    os.mkdir(path / "d")


@writes
def symlink(path, file):
    os.symlink("/etc", path / "s")


@writes
def hard_link(path, file):
    os.link(file, path / "l")


@writes
def rename_over(path, file):
    os.rename(file, path / "other.txt")


@writes
def delete(path, file):
    os.remove(file)


@writes
def truncate(path, file):
    os.truncate(file, 0)


@writes
def empty_by_opening_to_read(path, file):
    os.open(file, os.O_RDONLY | os.O_TRUNC)


@writes
def shared_mapping(path, file):
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as mapped:
        mapped[0:4] = b"gone"


@writes
def make_a_pipe(path, file):
    os.mkfifo(path / "p")


@writes
def past_the_parents_root(path, file):
    Path(f"/proc/{PARENT}/root{file}").write_text("gone")


@writes
def past_the_parents_folder(path, file):
    Path(f"/proc/{PARENT}/cwd/../{path.name}/data.txt").write_text("gone")


@writes
def mount_anew(path, file):
    C.unshare(0x10020000)
    C.mount(b"/", os.fsencode(path), None, ctypes.c_ulong(0x5000), None)
    (path / "after").write_text("x")


@metadata
def change_mode(path, file):
    os.chmod(file, 0o600)


@metadata
def change_times(path, file):
    os.utime(file, (1, 1))


@metadata
def set_attribute(path, file):
    os.setxattr(file, "user.x", b"1")


def inherited(kind, action, opened):
    """An attempt on a descriptor that was open before."""

    def both():
        path = folder()
        file = path / "data.txt"
        file.write_text("kept")
        descriptor = opened(path, file)
        before = seen(path)
        yield lambda: action(descriptor)
        os.close(descriptor)
        yield seen(path) != before

    both.__name__ = action.__name__
    attempt(kind)(both)


def change_mode_of_open_file(descriptor):
    os.fchmod(descriptor, 0o600)


def write_beside_open_folder(descriptor):
    os.close(os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))


def open_again_to_write(descriptor):
    os.write(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR), b"gone")


def change_mode_of_open_folder(descriptor):
    os.chmod("data.txt", 0o600, dir_fd=descriptor)


inherited("metadata", change_mode_of_open_file, lambda path, file: os.open(file, os.O_RDONLY))
inherited("metadata", change_mode_of_open_folder, lambda path, file: os.open(path, os.O_RDONLY))
inherited("files", write_beside_open_folder, lambda path, file: os.open(path, os.O_RDONLY))
inherited("files", open_again_to_write, lambda path, file: os.open(file, os.O_RDWR))


@attempt("files")
def memory_file_of_the_parent():
    descriptor = os.memfd_create("kept")
    os.write(descriptor, b"kept")
    yield lambda: os.pwrite(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR), b"gone", 0)
    found = os.pread(descriptor, 9, 0)
    os.close(descriptor)
    yield found != b"kept"
