"""Records that somebody has tampered with: each makes other lines of good ones.

A forgery gets the lines of a record with one turn, and a notebook that another key or another name signs.
"""

import json
import re

from caveagent_magic.record.line import seal

EVIL = "import os; os.system('touch /tmp/owned')"


def text(line):
    return json.loads(line)


def changed(lines, at, **more):
    """The line with other content under its old signature."""
    whole = text(lines[at])
    whole["record"] |= more
    forged = json.dumps(whole, separators=(",", ":"), sort_keys=True).encode()
    return [*lines[:at], forged, *lines[at + 1 :]]


def resigned(lines, key):
    """The same content, signed by this key."""
    return [seal(key, text(line)["record"]) for line in lines]


def as_mine(lines, key):
    """Another key's signatures under the name of mine."""
    return [line.replace(line[8:24], key.id.encode(), 1) for line in lines]


FORGERIES = {
    "changed code": lambda good, *_: changed(good, 1, code=EVIL),
    "changed request": lambda good, *_: changed(good, 0, request=EVIL),
    "changed digest of the request": lambda good, *_: changed(good, 0, asked="0" * 64),
    "changed schema": lambda good, *_: changed(good, 1, schema={}),
    "changed verdict": lambda good, *_: changed(good, 1, judgement="ask", findings=[["process", ""]]),
    "granted effects": lambda good, *_: changed(good, 1, effects=[["network", "evil.example:443"]]),
    "changed approver": lambda good, *_: changed(good, 1, by="policy"),
    "changed notebook": lambda good, *_: changed(good, 0, notebook="another"),
    "changed end": lambda good, *_: changed(good, 3, reason="stopped"),
    "another key": lambda good, mine, theirs: resigned(good, theirs),
    "another key under the name of mine": lambda good, mine, theirs: as_mine(resigned(good, theirs), mine),
    "no signature": lambda good, *_: [json.dumps(text(line)["record"]).encode() for line in good],
    "an empty signature": lambda good, *_: [re.sub(rb'"mac":"\w+"', b'"mac":""', line) for line in good],
    "a null signature": lambda good, *_: [re.sub(rb'"mac":"\w+"', b'"mac":null', line) for line in good],
    "a step left out": lambda good, *_: [good[0], *good[3:]],
    "its result left out": lambda good, *_: [*good[:2], *good[3:]],
    "its beginning left out": lambda good, *_: good[1:],
    "its end left out": lambda good, *_: good[:-1],
    "its end first": lambda good, *_: good[::-1],
    "steps swapped": lambda good, *_: [good[0], good[2], good[1], good[3]],
    "text after the line": lambda good, *_: [line + b" {}" for line in good],
    "text before the line": lambda good, *_: [b" " + line for line in good],
    "a key twice in one line": lambda good, *_: [
        line[:-1] + b',"record":{"kind":"lock"}}' for line in good
    ],
    "not UTF-8": lambda good, *_: [line.replace(b"total", b"\xff\xfe") for line in good],
    "null bytes": lambda good, *_: [line.replace(b"total", b"\0") for line in good],
    "huge lines": lambda good, *_: [line[:-2] + b" " * (5 << 20) + b"}}" for line in good],
    "endless nesting": lambda good, *_: [b'{"record":' * 100_000 + b"}" * 100_000],
    "a number beyond all bounds": lambda good, *_: [
        re.sub(rb'"number":\d', b'"number":' + b"9" * 5000, line) for line in good
    ],
    "no JSON at all": lambda good, *_: [b"total = sum(numbers)", b"", b"\r\n"],
    "cut short": lambda good, *_: [line[:-20] for line in good],
}  # fmt: skip

HARMLESS = {
    "duplicated lines": lambda good: [line for line in good for _ in range(2)],
    "everything twice": lambda good: [*good, *good],
    "rubbish in between": lambda good: [each for line in good for each in (line, b"\xff rubbish")],
    "empty lines in between": lambda good: [each for line in good for each in (line, b"")],
    "a turn of another key in between": lambda good: [
        each for line in good for each in (line, line.replace(line[8:24], b"0" * 16, 1))
    ],
}
