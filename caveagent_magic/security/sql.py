"""What an SQL command does, as far as its text shows."""

from __future__ import annotations

import math
import re

from caveagent_magic.pattern import pattern
from caveagent_magic.security.vocabulary import names

MOST_ROWS = 10**10
_PIECE = pattern(r"/\*.*?\*/|--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
"""Comments, texts and names in quotes, as they come: none of them begins within another."""
_UNCLEAR = pattern(r"[$\\`]|/\*(?:(?!\*/).)*/\*", re.DOTALL)
"""What databases read in ways of their own: other quotes, escapes, comments in comments."""
_TAKES_FILE = pattern(r"(?:\b(?:from|join)|[(,\[])\s*$", re.IGNORECASE)
_NAMED_SO = pattern(r"\bas\s+(?:call|copy|load|export|import|update|delete)\b(?!\s*\()", re.IGNORECASE)
_DOES_MORE = pattern(
    r"\b(?:attach|copy|into|create|insert|update|delete|drop|export|install|load|pragma|vacuum|alter|detach|call|read_\w+|"
    r"scan_\w+|\w+_scan|parquet_\w+|sniff_\w+|glob|getenv|\w*secrets?|query_table|load_extension|writefile|"
    r"readfile)\b|\bquery\s*\(|://|\b(?:from|join)\s*['\"]|;\s*\w",
    re.IGNORECASE,
)
_FILE = pattern(
    r"\b(from|join)\s*(?:'([^'\":]+)'|read_(?:csv|csv_auto|parquet|json|json_auto)\s*\(\s*'([^'\":]+)'\s*\))",
    re.IGNORECASE,
)
_ANOTHER = pattern(
    r"\bfrom\b(?:(?!\b(?:where|group|order|having|limit|select|on)\b).)*,\s*['\"]", re.IGNORECASE | re.DOTALL
)
_TEMPORARY = pattern(
    r"^\s*create\s+(?:or\s+replace\s+)?temp(?:orary)?\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?\w+\s+as\b",
    re.IGNORECASE,
)
"""Keeps a selection under a name until the connection is closed."""


def _bare(text: str) -> str:
    """A command without comments, and without what texts say that name no file, where that is plain."""
    if _UNCLEAR.search(text):
        return text

    bare = _PIECE.sub(lambda piece: " " if piece[0].startswith(("--", "/*")) else piece[0], text)

    def kept(piece: re.Match[str]) -> str:
        names_file = piece[0][0] == '"' or _TAKES_FILE.search(bare, 0, piece.start())
        return piece[0] if names_file else "''"

    return _NAMED_SO.sub("as a_name", _PIECE.sub(kept, bare))


def selects(text: str) -> bool:
    """Whether a command only selects, from tables and from files that are named where a table would be."""
    rest = _TEMPORARY.sub("", _FILE.sub(r"\1 a_file", _bare(text)))
    if _LISTS.match(rest):
        return True
    begins = re.match(r"\s*(?:select|with|explain|from)\b|\s*\w+\s*$", rest, re.IGNORECASE)
    return bool(begins) and not _DOES_MORE.search(rest) and not _ANOTHER.search(rest)


def files(text: str) -> list[str]:
    """The files that it selects from."""
    return [first or second for _, first, second in _FILE.findall(_bare(text))]


_LEADS_OUT = pattern(
    r"\b(?:attach|detach|copy|export|import|install|load|pragma|vacuum|call|set\s+\w+\s*=\s*'|reset|read_\w+|scan_\w+|\w+_scan|"
    r"parquet_\w+|sniff_\w+|glob|getenv|\w*secrets?|query_table|load_extension|writefile|readfile|virtual|trigger|"
    r"macro|outfile)\b|\bquery\s*\(|://|\b(?:from|join)\s*['\"]",
    re.IGNORECASE,
)
_OF_TABLES = pattern(
    r"\s*(?:$|create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+)?(?:table|view|index|schema|sequence)\b|"
    r"insert\b|update\b|delete\b|drop\s+(?:table|view|index)\b|alter\s+table\b|begin\b|commit\b|rollback\b|"
    r"select\b|with\b)",
    re.IGNORECASE,
)
_LISTS = pattern(
    r"\s*pragma\s+(?:table_x?info|table_list|index_x?list|index_x?info|database_list|foreign_key_list|show_tables|"
    r"database_size|version|compile_options|collations)\b[^=;]*;?\s*$",
    re.IGNORECASE,
)
"""Only tells what tables there are."""


def stays_inside(text: str) -> bool:
    """Whether commands only make, fill, change or drop tables of the database that they are given to."""
    rest = _FILE.sub(r"\1 a_file", _bare(text))
    inside = not _LEADS_OUT.search(rest) and not _ANOTHER.search(rest)
    return inside and all(map(_OF_TABLES.match, rest.split(";")))


_BUILT_IN = names(
    """
    count sum avg min max total group_concat string_agg abs round upper lower length substr substring trim
    ltrim rtrim replace instr coalesce ifnull nullif iif cast date time datetime julianday strftime
    unixepoch typeof printf format hex random char unicode quote sign ceil ceiling floor sqrt pow power
    log ln log10 exp mod row_number rank dense_rank ntile lag lead first_value last_value nth_value
    percent_rank cume_dist json json_extract over filter in values and or not exists as on from where
    select when then else case between by using all any distinct table_info
    """
)


_OF_DUCKDB = names(
    """
    read_csv read_csv_auto read_parquet parquet_scan read_json read_json_auto date_trunc date_part date_diff
    datediff extract year month day dayofweek week quarter hour minute strptime epoch try_cast median mode
    quantile quantile_cont quantile_disc approx_count_distinct approx_quantile stddev stddev_samp stddev_pop
    variance var_samp var_pop corr covar_pop covar_samp regr_slope arg_max arg_min max_by min_by first last
    any_value list array_agg list_value unnest struct_pack range generate_series greatest least concat
    concat_ws contains starts_with ends_with split_part string_split regexp_matches regexp_replace
    regexp_extract left right lpad rpad histogram columns exclude replace bool_and bool_or product make_date
    current_date current_timestamp now interval decimal varchar double integer grouping rollup cube sets set
    """
)


def calls_more(text: str) -> bool:
    """Whether a query calls a function that SQLite has not: somebody has put it into the connection."""
    return not _called(text) <= _BUILT_IN


def calls_more_than_duckdb(text: str) -> bool:
    """Whether a query may call a function that somebody has put into DuckDB."""
    return not _called(text) <= _BUILT_IN | _OF_DUCKDB


def _called(text: str) -> set[str]:
    return {name.lower() for name in re.findall(r"(\w+)[\s\"]*\(", _bare(text))}


def makes_many(text: str) -> bool:
    """Whether a query writes out how many rows it is to make, and these are too many."""
    calls = re.findall(r"\b(?:range|generate_series)\s*\(([-\d_,\s]+)\)", text, re.IGNORECASE)
    again = re.match(r"\s*with\s+recursive\b", text, re.IGNORECASE)
    limits = map(int, re.findall(r"<=?\s*(\d{1,30})\b", text)) if again else ()
    return max(math.prod(map(_rows, calls)), *limits, 0) > MOST_ROWS


def _rows(arguments: str) -> float:
    ends = [int(number) for number in re.findall(r"-?\d+", arguments.replace("_", ""))]
    start, end, step = {1: (0, *ends, 1), 2: (*ends, 1)}.get(len(ends), (*ends, 0, 0, 0))[:3]
    return max((end - start) / step, 1.0) if step else 1.0


def adds_for_ever(text: str) -> bool:
    """Whether a query that calls itself has nothing that could end it."""
    again = re.match(r"\s*with\s+recursive\b", text, re.IGNORECASE)
    if not again or re.search(r"\b(?:limit|join)\b", text, re.IGNORECASE):
        return False
    wheres = re.findall(r"\bwhere\b([^();]*)", text, re.IGNORECASE)
    return not any(map(_may_end, wheres)) and (not wheres or bool(re.search(r"\w\s*[+*]", text)))


def _may_end(condition: str) -> bool:
    """Whether a condition ever says no to numbers that become larger: not `x > 0`, not `1 = 1`."""
    rest = re.sub(
        r"\b(\d+)\s*=\s*\1\b|\btrue\b|\b\w+\s*>=?\s*-?\d+\b|\b(?:and|or)\b", " ", condition, flags=re.I
    )
    return bool(rest.strip())
