"""Libraries too large to install here: classes of their names that store what theirs store.

Compared by hand with pyspark-client 4.2, whose frames need no server to be made, and Ray 2.60.
"""

import sys
import types
from collections.abc import Iterator

import pyarrow as pa
import pytest

from caveagent_magic.injection.card import describe
from caveagent_magic.injection.words import card_text


def library(monkeypatch: pytest.MonkeyPatch, module: str, *names: str) -> Iterator[type]:
    made = types.ModuleType(module)
    monkeypatch.setitem(sys.modules, module, made)
    for name in names:
        cls = type(name, (), {"__module__": module})
        setattr(made, name, cls)
        yield cls


def with_(cls: type, **stored: object) -> object:
    obj = cls()
    vars(obj).update(stored)
    return obj


def told(obj: object) -> str:
    return card_text(describe("x", obj)).removeprefix("x: ")


def test_a_spark_frame_shows_the_schema_that_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    (frame,) = library(monkeypatch, "pyspark.sql.classic.dataframe", "DataFrame")
    struct, field, long = library(monkeypatch, "pyspark.sql.types", "StructType", "StructField", "LongType")
    schema = with_(struct, fields=[with_(field, name="id", dataType=with_(long))])

    assert told(with_(frame, _schema=schema)) == "pyspark DataFrame, 1 column [id long; not computed]"


def test_a_spark_frame_that_was_not_asked_yet_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    (frame,) = library(monkeypatch, "pyspark.sql.connect.dataframe", "DataFrame")
    frame.schema = property(lambda self: pytest.fail("a call to the cluster"))  # type: ignore[attr-defined]

    assert told(with_(frame)) == (
        "pyspark DataFrame [not computed; its columns are not known here yet, .schema asks for them]"
    )


def test_a_ray_dataset_shows_what_its_plan_remembers(monkeypatch: pytest.MonkeyPatch) -> None:
    (dataset,) = library(monkeypatch, "ray.data.dataset", "Dataset")
    (plan,) = library(monkeypatch, "ray.data._internal.plan", "ExecutionPlan")

    known = with_(dataset, _plan=with_(plan, _schema=pa.schema([("id", pa.int64())])))
    unknown = with_(dataset, _plan=with_(plan, _schema=None))

    assert told(known) == "ray Dataset, 1 column [id int64; not computed]"
    assert told(unknown) == (
        "ray Dataset [not computed; its columns are not known here yet, .schema asks for them]"
    )


def test_a_ray_dataset_shows_what_its_cache_remembers_of_this_very_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset, cache = library(monkeypatch, "ray.data.dataset", "Dataset", "_ExecutionCache")
    (plan,) = library(monkeypatch, "ray.data._internal.logical.interfaces.logical_plan", "LogicalPlan")
    schema, last, older = pa.schema([("id", pa.int64())]), object(), object()

    fresh, stale = (
        with_(
            dataset,
            _logical_plan=with_(plan, _dag=last),
            _cache=with_(cache, _schema=schema, _operator=operator),
        )
        for operator in (last, older)
    )

    assert told(fresh) == "ray Dataset, 1 column [id int64; not computed]"
    assert told(stale).startswith("ray Dataset [not computed; its columns are not known")


def test_a_torch_module_counts_its_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    (module,) = library(monkeypatch, "torch.nn.modules.module", "Module")
    (linear,) = library(monkeypatch, "torch.nn.modules.linear", "Linear")
    tensors = types.ModuleType("torch.nn.parameter")
    monkeypatch.setitem(sys.modules, "torch.nn.parameter", tensors)
    parameter = type("Parameter", (), {"__module__": "torch.nn.parameter", "__slots__": ("shape",)})
    tensors.Parameter = parameter  # type: ignore[attr-defined]
    weight = parameter()
    weight.shape = (10, 784)  # type: ignore[attr-defined]
    layer = with_(linear, _parameters={"weight": weight, "bias": None}, _modules={}, training=True)

    model = with_(module, _parameters={}, _modules={"first": layer}, training=True)

    assert told(model) == "torch Module, 7,840 parameters, training [modules: first Linear]"


def test_a_tensor_shows_shape_type_and_device(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("torch")
    monkeypatch.setitem(sys.modules, "torch", module)
    slots = ("shape", "dtype", "device", "requires_grad")
    tensor = type("Tensor", (), {"__module__": "torch", "__slots__": slots})
    module.Tensor = tensor  # type: ignore[attr-defined]
    obj = tensor()
    obj.shape, obj.dtype, obj.device, obj.requires_grad = (32, 784), "torch.float32", "cpu", True  # type: ignore[attr-defined]

    assert told(obj) == "torch Tensor 32 × 784 float32 on cpu, requires grad"
