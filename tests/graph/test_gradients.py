"""Gradients in numbers, against plain sums over all elements."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gradtui.graph.gradients import (
    ORDERS,
    Gradient,
    Order,
    Spread,
    by_module,
    by_parameter,
    ordered,
    share,
    size,
    spread,
    together,
)
from gradtui.snapshot.model import Module, Parameter, Snapshot, Summary, Values
from tests import examples, synthetic

tensors = st.lists(
    st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0]), min_size=1, max_size=12
)


def whole(numbers: list[float]) -> Values:
    return Values((len(numbers),), tuple(numbers))


def summed_up(numbers: list[float]) -> Values:
    """The same as a summary, as of a large tensor."""
    finite = [number for number in numbers if math.isfinite(number)]
    nan = sum(number != number for number in numbers)
    summary = Summary(
        min(finite, default=None),
        max(finite, default=None),
        None,
        math.sqrt(math.fsum(number * number for number in finite)) if finite else None,
        nan,
        sum(abs(number) == math.inf for number in numbers),
        sum(number == 0 for number in numbers),
    )
    return Values((len(numbers),), tuple(numbers[:8]), summary)


def close(one: Spread, other: Spread) -> bool:
    alike = replace(one, finite_norm=None) == replace(other, finite_norm=None)
    return alike and one.finite_norm == pytest.approx(other.finite_norm)


@settings(max_examples=25)
@given(tensors)
def test_a_tensor_and_its_summary_say_the_same(numbers: list[float]) -> None:
    assert close(spread(whole(numbers)), spread(summed_up(numbers)))


@settings(max_examples=50)
@given(st.lists(tensors, min_size=1, max_size=5))
def test_several_are_as_one(parts: list[list[float]]) -> None:
    found = together(map(spread, map(whole, parts)))
    assert found is not None
    assert close(found, spread(whole([number for part in parts for number in part])))


def test_of_nothing_there_is_nothing() -> None:
    assert together([]) is None


def test_shares_add_up_and_modules_hold_what_is_in_them() -> None:
    model = synthetic.bert(2)
    parameters = by_parameter(model)
    assert [each.name for each in parameters] == list(model.parameters)
    finite = [each.grad for each in parameters if each.grad is not None and each.share is not None]
    everything = together(each.grad for each in parameters if each.grad is not None)
    assert everything is not None
    part = math.fsum((each.norm or 0) ** 2 for each in finite) / (everything.finite_norm or 0) ** 2
    assert math.fsum(each.share or 0 for each in parameters) == pytest.approx(part)
    assert part < 1
    modules = {each.name: each for each in by_module(model, parameters)}
    for path, module in modules.items():
        inner = [p for name, p in model.parameters.items() if name.startswith(f"{path}.")] if path else None
        inner = inner if inner is not None else list(model.parameters.values())
        norm = math.sqrt(math.fsum((p.grad.finite_norm or 0) ** 2 for p in inner if p.grad is not None))
        assert module.grad is not None
        assert module.grad.finite_norm == pytest.approx(norm)
        assert module.grad.elements == sum(math.prod(p.value.shape) for p in inner)
    assert modules["bert.embeddings"].grad is not None
    assert modules["bert.embeddings"].grad.nan == 3


def test_no_gradient_is_not_a_zero_gradient() -> None:
    value = whole([1.0, 2.0])
    snapshot = Snapshot(
        0,
        "loss",
        parameters={
            "a.weight": Parameter(value, None, "float32", "cpu"),
            "b.weight": Parameter(value, whole([0.0, 0.0]), "float32", "cpu"),
        },
        modules={"a": Module("Linear"), "b": Module("Linear")},
    )
    none, zero = by_parameter(snapshot)
    assert none.grad is None
    assert zero.grad == Spread(2, 0.0, 0.0, 0.0, 2, 0, 0)
    assert zero.grad.bad
    assert zero.share is None
    assert [each.grad for each in by_module(snapshot, [none, zero])] == [None, zero.grad]
    assert ordered([none, zero], "norm") == [zero, none]


def test_leaves_stand_for_parameters_where_there_is_no_model() -> None:
    (x,) = by_parameter(examples.quadratic())
    assert x.name == "x"
    assert x.grad is not None
    assert x.grad.norm == 11


@pytest.mark.parametrize("by", ORDERS)
def test_orders(by: Order) -> None:
    model = synthetic.bert(12)
    found = by_parameter(model) if by != "kept" else by_module(model, by_parameter(model))
    result = ordered(found, by)
    assert sorted(each.name for each in result) == sorted(each.name for each in found)
    if by == "order":
        assert [each.step for each in result] == sorted(each.step for each in found if each.step is not None)
    elif by == "name":
        names = [each.name for each in result]
        layers = list(dict.fromkeys(name.split(".")[3] for name in names if ".layer." in name))
        assert layers == [str(number) for number in range(12)]
    else:
        numbers = [getattr(each if by in ("share", "kept") else each.grad, by) for each in result]
        assert numbers == sorted(numbers, key=lambda number: number or 0.0, reverse=True)


@pytest.mark.parametrize(
    ("norm", "level"), [(1.0, 0), (0.2, 0), (0.1, 1), (1e-3, 2), (1e-6, 3), (1e-300, 3), (0.0, 3), (None, 0)]
)
def test_sizes(norm: float | None, level: int) -> None:
    assert size(norm, 1.0) == level


@settings(max_examples=25)
@given(tensors)
def test_the_norm_is_that_of_torch(numbers: list[float]) -> None:
    """nan where an element is nan, inf where one is infinite: of the numbers, of their summary and of the table's row."""
    norm = torch.linalg.vector_norm(torch.tensor(numbers, dtype=torch.float64)).item()
    for values in (whole(numbers), summed_up(numbers), spread(whole(numbers)).as_values()):
        assert values.norm == pytest.approx(norm, nan_ok=True)
    assert spread(whole(numbers)).norm == pytest.approx(norm, nan_ok=True)


@given(st.lists(tensors, min_size=1, max_size=5))
def test_the_norm_of_several_is_that_of_all(parts: list[list[float]]) -> None:
    everything = torch.tensor([number for part in parts for number in part], dtype=torch.float64)
    found = together(map(spread, map(whole, parts)))
    assert found is not None
    assert found.norm == pytest.approx(torch.linalg.vector_norm(everything).item(), nan_ok=True)


def test_what_is_not_finite_has_no_share() -> None:
    assert share(spread(whole([3.0])), spread(whole([3.0, 4.0]))) == pytest.approx(0.36)
    assert share(spread(whole([3.0])), spread(whole([3.0, 4.0, math.nan]))) == pytest.approx(0.36)
    assert share(spread(whole([3.0, math.nan])), spread(whole([3.0, 4.0, math.nan]))) is None
    assert share(spread(whole([math.inf])), spread(whole([math.inf]))) is None


def test_what_is_not_finite_comes_first() -> None:
    rows = [Gradient(name, "parameter", (1,), spread(whole([number])), None, None, None) for name, number in NORMS]
    assert {each.name for each in ordered(rows, "norm")[:2]} == {"nan", "inf"}
    assert [each.name for each in ordered(rows, "norm")[2:]] == ["large", "small"]


NORMS = [("small", 1.0), ("nan", math.nan), ("large", 9.0), ("inf", -math.inf)]


def test_a_gradient_far_beyond_the_whole() -> None:
    """The square of a ratio may be larger than any float."""
    small, large = (spread(Values((), (number,))) for number in (1e-100, 1e200))
    assert share(large, small) == math.inf
    assert share(small, large) == 0


def test_names_with_very_long_numbers() -> None:
    """Python reads no integer of so many digits."""
    names = ["a.10", "a.9", f"a.{'1' * 5000}"]
    found = ordered([Gradient(name, "parameter", (), None, None, None, None) for name in names], "name")
    assert [each.name for each in found][-2:] == ["a.9", "a.10"]
