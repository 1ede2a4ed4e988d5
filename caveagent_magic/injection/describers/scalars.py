"""Numbers, text, times and paths: the type alone, because everything else of them is their value."""

from __future__ import annotations

from caveagent_magic.injection.describers.description import Describer, Description, named

DATA_ENDINGS = frozenset({
    "csv", "tsv", "txt", "json", "jsonl", "parquet", "feather", "arrow", "xlsx", "xls", "h5", "hdf5", "nc",
    "zarr", "db", "sqlite", "duckdb", "pkl", "npy", "npz", "sql",
})  # fmt: skip


def scalar(obj: object, base: type) -> Description:
    """`int`, `Price(float)`, `PosixPath`."""
    return Description(named(obj, base))


def text(obj: object, base: type) -> Description:
    """`str, 1,234 characters`; never a piece of it."""
    return Description(f"{named(obj, base)}, {base.__len__(obj):,} characters")  # type: ignore[attr-defined]


def binary(obj: object, base: type) -> Description:
    """`bytes, 1,024 long`."""
    return Description(f"{named(obj, base)}, {base.__len__(obj):,} long")  # type: ignore[attr-defined]


def path(obj: object, base: type) -> Description:
    """`PosixPath, .csv`: the ending where it is that of a known kind of data, and nothing else of it."""
    if type(obj) is not base:  # its text would be made by methods that can be overridden
        return Description(named(obj, base))
    ending = base.__str__(obj).rpartition("/")[2].rpartition(".")[2].lower()
    return Description(f"{named(obj, base)}, .{ending}" if ending in DATA_ENDINGS else named(obj, base))


DESCRIBERS: dict[str, Describer] = {
    "builtins.str": text,
    "builtins.bytes": binary,
    "builtins.bytearray": binary,
    **dict.fromkeys(
        (
            "builtins.int", "builtins.float", "builtins.complex", "builtins.bool", "builtins.NoneType",
            "builtins.range", "builtins.slice", "builtins.ellipsis",
            "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
            "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "zoneinfo.ZoneInfo",
        ),
        scalar,
    ),
    **dict.fromkeys(
        (
            "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
            "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
        ),
        path,
    ),
}  # fmt: skip
