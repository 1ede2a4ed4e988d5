"""SQL by its text: what only selects, and from which files."""

from __future__ import annotations

import pytest

from caveagent_magic.security.sql import files, selects


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("select a from sales where b = 'x/y'", []),
        ("select * from 'data/a.csv' limit 2", ["data/a.csv"]),
        ("from 'a.parquet'", ["a.parquet"]),
        ("select * from t join read_csv('b.csv') on t.a = b.a", ["b.csv"]),
        ("with w as (select 1) select a, 'x.csv' from w order by 'q'", []),
        ("create or replace temp table t as select * from sales", []),
        ("create temporary view v as from 'a.parquet'", ["a.parquet"]),
        ("select * from /* here */ '/etc/passwd'", ["/etc/passwd"]),
    ],
)
def test_what_only_selects_names_its_files(text: str, named: list[str]) -> None:
    assert selects(text)
    assert files(text) == named


@pytest.mark.parametrize(
    "text",
    [
        "copy t to 'a.csv'",
        "select * from t, '/etc/passwd'",
        "select * from 'https://example.org/a.csv'",
        "select * from read_csv('https://example.org/a.csv')",
        "select * from read_text('a.txt')",
        "select 1; drop table t",
        "create table t as select 1",
        "create temp table t as select 1; drop table u",
        "create temp view v as select * from read_text('a.txt')",
        "attach 'x.db' as x",
    ],
)
def test_what_does_more_or_cannot_be_seen_through_is_no_plain_selecting(text: str) -> None:
    assert not selects(text)
