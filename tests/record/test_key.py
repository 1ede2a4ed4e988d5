"""The key is this user's alone."""

import os
import threading

import pytest

from caveagent_magic.record.key import KeyRefused, default_path, key_at


def test_the_first_use_makes_a_key_that_only_its_user_can_read(tmp_path):
    path = tmp_path / "data" / "record.key"

    made = key_at(path)

    assert (key_at(path), path.stat().st_mode & 0o777, len(made.secret)) == (made, 0o600, 32)
    assert os.listdir(path.parent) == ["record.key"]


def test_many_kernels_that_start_at_once_agree_on_one_key(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(key_at(tmp_path / "key"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(found), len(set(found)), os.listdir(tmp_path)) == (20, 1, ["key"])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_that_others_can_read_or_write_proves_nothing(tmp_path, mode):
    key_at(tmp_path / "key")
    (tmp_path / "key").chmod(mode)

    with pytest.raises(KeyRefused, match="can be read by others"):
        key_at(tmp_path / "key")


def test_a_link_a_pipe_and_a_short_file_are_no_keys(tmp_path):
    key_at(tmp_path / "key")
    (tmp_path / "link").symlink_to(tmp_path / "key")
    os.mkfifo(tmp_path / "pipe", 0o600)
    os.close(os.open(tmp_path / "short", os.O_CREAT | os.O_WRONLY, 0o600))

    for name in ("link", "pipe", "short"):
        with pytest.raises(KeyRefused):
            key_at(tmp_path / name)


def test_the_key_is_not_shown(tmp_path):
    key = key_at(tmp_path / "key")

    assert repr(key) == "Key()"


def test_the_environment_names_another_key(tmp_path, monkeypatch):
    monkeypatch.setenv("CAVEAGENT_RECORD_KEY", str(tmp_path / "of_ci"))

    assert default_path() == tmp_path / "of_ci"
