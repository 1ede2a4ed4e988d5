"""Packages that write and connect from C++, where no audit event is raised: only these names compute."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.security.vocabulary import names

STRICT: Mapping[str, frozenset[str]] = {
    "pyarrow": names(
        """
        pyarrow.table pyarrow.array pyarrow.chunked_array pyarrow.record_batch pyarrow.schema
        pyarrow.field pyarrow.scalar pyarrow.concat_tables pyarrow.concat_arrays pyarrow.nulls
        pyarrow.compute pyarrow._compute pyarrow.types pyarrow.Table pyarrow.Array pyarrow.ChunkedArray
        pyarrow.RecordBatch pyarrow.Schema pyarrow.Field pyarrow.DataType pyarrow.Scalar
        pyarrow.DictionaryArray pyarrow.StructArray pyarrow.ListArray pyarrow.lib.Table
        pyarrow.lib.Array pyarrow.lib.ChunkedArray pyarrow.lib.RecordBatch pyarrow.lib.Schema
        pyarrow.lib.table pyarrow.lib.array pyarrow.lib.chunked_array pyarrow.lib.record_batch
        pyarrow.lib.schema pyarrow.lib.field pyarrow.lib.scalar pyarrow.lib.concat_tables
        pyarrow.lib.concat_arrays pyarrow.lib.int8 pyarrow.lib.int16 pyarrow.lib.int32 pyarrow.lib.int64
        pyarrow.lib.uint8 pyarrow.lib.uint16 pyarrow.lib.uint32 pyarrow.lib.uint64 pyarrow.lib.float16
        pyarrow.lib.float32 pyarrow.lib.float64 pyarrow.lib.string pyarrow.lib.utf8 pyarrow.lib.large_string
        pyarrow.lib.bool_ pyarrow.lib.date32 pyarrow.lib.date64 pyarrow.lib.timestamp pyarrow.lib.time32
        pyarrow.lib.time64 pyarrow.lib.duration pyarrow.lib.decimal128 pyarrow.lib.list_ pyarrow.lib.struct
        pyarrow.lib.map_ pyarrow.lib.dictionary pyarrow.lib.binary pyarrow.lib.null pyarrow.lib.DataType
        pyarrow.lib.Scalar pyarrow.lib.Field pyarrow.lib.DictionaryArray pyarrow.lib.StructArray
        pyarrow.int8 pyarrow.int16 pyarrow.int32 pyarrow.int64 pyarrow.uint8 pyarrow.uint16
        pyarrow.uint32 pyarrow.uint64 pyarrow.float16 pyarrow.float32 pyarrow.float64 pyarrow.string
        pyarrow.utf8 pyarrow.large_string pyarrow.bool_ pyarrow.date32 pyarrow.date64 pyarrow.timestamp
        pyarrow.time32 pyarrow.time64 pyarrow.duration pyarrow.decimal128 pyarrow.list_ pyarrow.struct
        pyarrow.map_ pyarrow.dictionary pyarrow.binary pyarrow.null pyarrow.BufferReader
        pyarrow.BufferOutputStream pyarrow.py_buffer pyarrow.lib.BufferReader pyarrow.__version__
        pyarrow.lib.BufferOutputStream pyarrow.lib.py_buffer
        pyarrow._dataset.FileSystemDataset.to_table pyarrow._dataset.FileSystemDataset.head
        pyarrow._dataset.FileSystemDataset.count_rows pyarrow._dataset.FileSystemDataset.take
        pyarrow._dataset.FileSystemDataset.to_batches pyarrow._dataset.FileSystemDataset.schema
        pyarrow._dataset.FileSystemDataset.files pyarrow._dataset.FileSystemDataset.filter
        """
    ),
}
