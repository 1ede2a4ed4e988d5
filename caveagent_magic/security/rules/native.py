"""Rules about machine code and raw memory."""

from __future__ import annotations

from caveagent_magic.security.flow.reader import MEMORY
from caveagent_magic.security.rule import Flagged, Passes, Rule
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names


class TouchesMemory(Rule):
    """Calls machine code or reads and writes raw memory, past everything that watches Python."""

    code = "CAVE801"
    capability = "native"
    message = "calls machine code or touches raw memory with {name}"
    calls = names(
        """
        ctypes.* cffi.* mmap.* numpy.ctypeslib.* numpy.lib.stride_tricks.as_strided
        numpy.lib._stride_tricks_impl.as_strided
        multiprocessing.shared_memory.* _ctypes.* pandas._libs.* sys.setdlopenflags weave.* cppyy.*
        pyximport.* Cython.* numpy.core._internal._ctypes.* ?.CDLL ?.dlopen ?.LoadLibrary ?.PyDLL
        ?.string_at ?.memmove ?.from_address ?.ctypes sys.getrefcount.* torch.utils.cpp_extension.*
        torch.ops.* tensorflow.load_op_library numba.cfunc llvmlite.* pycuda.* cupy.RawKernel fcntl.*
        termios.* syslog.*
        """
    )

    kinds = frozenset({"code"})
    beyond = frozenset()
    reads = names("?.ctypes ctypes.pythonapi ctypes.cdll ctypes.pydll ctypes.pythonapi.* ?._handle")

    examples = (
        Flagged("address = values.ctypes.data", name="ctypes"),
        Flagged("import ctypes\nctypes.CDLL(None).getpid()", name="ctypes.CDLL"),
        Flagged("import numpy as np\nnp.ctypeslib.load_library('c', '.')"),
        Flagged("class A:\n    __array_interface__ = {'data': (1, True)}", name="__array_interface__"),
        Passes("import numpy as np\nnp.frombuffer(b'1234', dtype='u1')"),
    )

    def named(self, use: Use) -> str | None:
        """A class may also say that its data lie anywhere in memory."""
        if use.kind == "code":
            name = use.names[0].removeprefix("def ")
            return name if name in MEMORY else None
        return super().named(use)
