"""Plans of polars that end in a file: they write it as soon as somebody collects them."""

from __future__ import annotations

import io
import sys
import types

from caveagent_magic.security.known import module_dict, own_code
from caveagent_magic.security.objects.still import class_dict, is_a


def ends_in_a_file(obj: object) -> bool:
    """Whether a lazy frame has a sink: polars refuses another one, before anything is worked out."""
    module = sys.modules.get("polars")
    kind = module_dict(module).get("LazyFrame") if is_a(module, types.ModuleType) else None
    if type(obj) is not kind or not is_a(kind, type):
        return False
    sink = class_dict(kind).get("sink_ndjson")
    if sink is None or own_code(sink):
        return False
    try:
        sink(obj, io.BytesIO(), lazy=True)
    except TypeError:  # an older one knows no sinks that are put off
        return False
    except Exception as error:  # its errors are of classes of its own
        return "sink" in str(error)
    return False
