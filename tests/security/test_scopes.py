"""Scopes: paths, hosts and names, and what is not known of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from caveagent_magic.security.policies.scopes import within


@pytest.mark.parametrize(
    ("target", "scope", "inside"),
    [
        ("out/a.csv", "out/", "yes"),
        ("out/a.csv", "out", "yes"),
        ("out", "out/", "yes"),
        ("output.csv", "out", "no"),
        ("out/../a.csv", "out/", "no"),
        ("out/deep/a.csv", "out/*.csv", "no"),
        ("out/a.csv", "out/*.csv", "yes"),
        ("out/a.csv", "*.csv", "no"),
        ("out/deep/a.csv", "out/**/*.csv", "yes"),
        ("out/a.csv", "**/*.csv", "yes"),
        ("data/2024/x/y.csv", "data/*", "yes"),
        ("~/a.csv", "~", "yes"),
        ("/etc/passwd", "/", "yes"),
        ("file:///etc/passwd", "/etc", "yes"),
        ("file:///etc/passwd", ".", "no"),
        ("cache::s3://bucket/key", ".", "maybe"),
        (None, "out/", "maybe"),
        ("…", "out/", "maybe"),
        ("out/…", "out/", "yes"),
        ("out…", "out/", "maybe"),
        ("out/…", "out/deep/", "maybe"),
        ("out/…", "other/", "no"),
        ("out/…", "out/*.csv", "maybe"),
        ("a\0b", "out/", "maybe"),
    ],
)
def test_paths(tmp_path: Path, target: str | None, scope: str, inside: str) -> None:
    assert within("write_file", target, scope, tmp_path) == inside


def test_a_link_out_of_the_folder_leads_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")

    assert within("read_file", "link/passwd", ".", tmp_path) == "no"
    assert within("read_file", "link/passwd", "/etc", tmp_path) == "yes"
    assert within("read_file", "/etc/passwd", "link", tmp_path) == "yes"


@pytest.mark.parametrize(
    ("target", "scope", "inside"),
    [
        ("api.example.org", "api.example.org", "yes"),
        ("API.example.org", "api.Example.org", "yes"),
        ("api.example.org:8080", "api.example.org", "yes"),
        ("api.example.org:8080", "api.example.org:443", "no"),
        ("api.example.org", "api.example.org:443", "maybe"),
        ("a.example.org", "*.example.org", "yes"),
        ("example.org", "*.example.org", "no"),
        ("example.org.evil.test", "*.example.org", "no"),
        ("evil.test#@api.example.org", "api.example.org", "maybe"),
        ("api.exam…", "api.example.org", "maybe"),
        (None, "api.example.org", "maybe"),
    ],
)
def test_hosts(tmp_path: Path, target: str | None, scope: str, inside: str) -> None:
    assert within("network", target, scope, tmp_path) == inside


@pytest.mark.parametrize(
    ("target", "scope", "inside"),
    [
        ("subprocess.run", "subprocess.run", "yes"),
        ("subprocess.run", "subprocess.*", "yes"),
        ("subprocess", "subprocess.*", "no"),
        ("posix.system", "os.system", "yes"),
        ("my_package.run", "subprocess.run", "no"),
        (None, "subprocess.run", "maybe"),
    ],
)
def test_names(tmp_path: Path, target: str | None, scope: str, inside: str) -> None:
    assert within("process", target, scope, tmp_path) == inside
