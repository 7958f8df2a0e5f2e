"""The small numbers that remedies name: in each dtype they are none, and leave a finite slope."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import gradtui
from gradtui.findings.dtype_remedies import in_dtype
from gradtui.snapshot.model import Dtype
from tests.findings.test_detective import told

Function = Callable[[torch.Tensor, float], torch.Tensor]

REMEDIES: list[tuple[str, float, Function]] = [
    ("beside 0", 0.0, lambda x, e: torch.log(x + e)),
    ("beside 0", 0.0, lambda x, e: torch.log(x.clamp(min=e))),
    ("beside 0", 0.0, lambda x, e: x.clamp(min=e) ** x),
    ("in a root", 0.0, lambda x, e: torch.sqrt(x + e)),
    ("of a spread", 0.0, lambda x, e: torch.rsqrt(x + e)),
    ("in a root", 0.0, lambda x, e: (x + e) ** 0.3),
    ("in a root", 0.0, lambda x, e: torch.sqrt(x**2 + x**2 + e)),
    ("in a root", 0.0, lambda x, e: x / (torch.linalg.vector_norm(x) + e)),
    ("in a root", -1.0, lambda x, e: torch.sqrt(x.clamp(min=e))),
    ("of a spread", 2.0, lambda x, e: (x - x.mean()) / (x.std() + e)),
    ("of a spread", 2.0, lambda x, e: (x - x.mean()) / torch.sqrt(x.var() + e)),
    ("beside 1", 1.0, lambda x, e: torch.atanh(x.clamp(-1 + e, 1 - e))),
    ("beside 1", -2.0, lambda x, e: torch.acos(x.clamp(-1 + e, 1 - e))),
    ("beside 1", 1.0, lambda x, e: torch.logit(x.clamp(e, 1 - e))),
    ("beside 1", 2.0, lambda x, e: torch.logit(x.clamp(e, 1 - e))),
    ("beside 1", 1.0, lambda x, e: torch.acosh(x.clamp(min=1 + e))),
    ("beside 1", -1.0, lambda x, e: torch.log1p(x.clamp(min=-1 + e))),
]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("row", range(len(REMEDIES)))
def test_what_is_advised_leaves_value_and_slope_finite(row: int, dtype: torch.dtype) -> None:
    place, at, function = REMEDIES[row]
    small = float(in_dtype(f"{{{place}}}", str(dtype).removeprefix("torch.")))
    x = torch.full((3,), at, dtype=dtype, requires_grad=True)
    out = function(x, small)
    (slope,) = torch.autograd.grad(out.sum(), x)
    assert out.isfinite().all()
    assert slope.isfinite().all()


@pytest.mark.parametrize(
    ("dtype", "function", "at", "never"),
    [
        (torch.float16, torch.log, 0.0, "1e-8"),
        (torch.float16, torch.sqrt, 0.0, "1e-12"),
        (torch.bfloat16, torch.atanh, 1.0, "1e-6"),
        (torch.float16, torch.acos, 1.0, "1e-6"),
        (torch.float16, lambda x: x / x.norm(), 0.0, "1e-12"),
        (torch.bfloat16, torch.exp, 100.0, "float32"),
        (torch.float16, torch.exp, 100.0, "float32"),
        (torch.bfloat16, lambda x: x * 1e38 * 100, 1e30, "use bfloat16"),
    ],
)
def test_no_number_that_the_dtype_does_not_hold(
    dtype: torch.dtype, function: Callable[[torch.Tensor], torch.Tensor], at: float, never: str
) -> None:
    x = torch.full((2,), at, dtype=dtype, requires_grad=True)
    with gradtui.trace():
        out = function(x).sum()
    found = gradtui.capture(out).findings[0]
    assert found.remedy
    assert never not in found.remedy


def test_float64_is_no_way_out_of_float64() -> None:
    assert "float64" in told("x^100", 10)[0].remedy
    assert "float64" not in told("x^100", 1e10, "float64")[0].remedy


@pytest.mark.parametrize(("text", "at"), [("asin(x)", 1.5), ("logit(x)", 1.5), ("erfinv(x)", 2)])
def test_a_bound_at_the_end_itself_is_none(text: str, at: float) -> None:
    """clamp(x, -1, 1) leaves asin at 1, where its derivative is infinite."""
    assert "1 - 1e-6" in told(text, at)[0].remedy


@pytest.mark.parametrize(
    ("text", "at", "is_odd"),
    [("x^(1/3)", -8, True), ("x^0.2", -8, True), ("x^(2/3)", -8, False), ("x^0.5", -4, False), ("x^1.5", -2, False)],
)
def test_the_sign_is_put_before_an_odd_root_alone(text: str, at: float, is_odd: bool) -> None:
    assert ("sign(x)" in told(text, at)[0].remedy) is is_odd


@pytest.mark.parametrize(("text", "never"), [("softshrink(x)", "leaky_relu"), ("hardshrink(x)", "leaky_relu")])
def test_what_is_flat_between_its_bounds_is_no_dead_relu(text: str, never: str) -> None:
    finding = told(text, 0.2)[0]
    assert finding.kind == "dead"
    assert never not in finding.remedy


def test_the_target_of_a_cross_entropy_has_a_pole() -> None:
    found = [one for one in told("binary_cross_entropy(x, y)", {"x": 1.0, "y": 1.0}) if one.phase == "backward"]
    assert [one.kind for one in found] == ["pole"]
    assert "float64" not in found[0].remedy


@pytest.mark.parametrize(("x", "dtype", "deeper"), [(200, "float32", True), (1000, "float64", False)])
def test_an_exponential_that_underflows_in_float64_does_so_in_no_wider_dtype(
    x: float, dtype: Dtype, deeper: bool
) -> None:
    assert ("float64" in told("exp(-x)", x, dtype)[0].remedy) is deeper


def test_a_number_is_told_with_the_digits_that_show_why() -> None:
    """1.0000001 in four digits is 1, which acos takes."""
    assert "1.0000001" in told("acos(x)", 1.0000001)[0].text
    assert "-0.21" in told("sqrt(1 - x^2)", 1.1)[0].text


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
def test_the_spread_of_one_element_is_nan_where_it_is_divided_by_0() -> None:
    x = torch.ones(1, requires_grad=True)
    with gradtui.trace():
        out = (x / x.std()).sum()
    found = gradtui.capture(out).findings[0]
    assert found.kind == "domain"
    assert "0/0" in found.text
    with gradtui.trace():
        zero = x.std(correction=0)
    assert "0/0" not in gradtui.capture(zero).findings[0].text


@pytest.mark.parametrize("centre", [lambda x: x - x.mean(), lambda x: x - x.sum() / len(x)])
def test_what_is_centred_is_not_to_be_passed_straight_through(centre: Callable[[torch.Tensor], torch.Tensor]) -> None:
    x = torch.rand(4, requires_grad=True)
    with gradtui.trace():
        out = (centre(2 * x) / 3).sum()
    assert not any("straight" in one.remedy for one in gradtui.capture(out).findings)


Module = torch.nn.Module
LOSSES: dict[str, Callable[[torch.Tensor, Module, Module], torch.Tensor]] = {
    "float16 data": lambda x, a, b: b(torch.relu(a(x * 60000))).sum(),
    "float16 cast": lambda x, a, b: b(torch.relu(a(x))).float().pow(2).mean() * 1e8,
    "bfloat16 underflow": lambda x, a, b: b(torch.relu(a(x))).float().pow(2).mean() * 1e-39,
    "float32 factor": lambda x, a, b: b(x + 1e-7 * a(x)).pow(2).mean(),
    "float32 divisor": lambda x, a, b: b(x + a(x) / 1e7).pow(2).mean(),
}


@pytest.mark.parametrize(
    ("name", "kind", "never", "says"),
    [
        ("float16 data", "overflow", "float64", "bfloat16 or float32"),
        ("float16 cast", "overflow", "float64", "bfloat16 or float32"),
        ("bfloat16 underflow", "underflow", "use bfloat16", "scale the loss up"),
        ("float32 factor", "vanishing", "initial weights", "factor"),
        ("float32 divisor", "vanishing", "initial weights", "factor"),
    ],
)
def test_the_remedy_is_one_for_what_is_at_hand(name: str, kind: str, never: str, says: str) -> None:
    torch.manual_seed(0)
    dtype = getattr(torch, name.split()[0])
    a, b = torch.nn.Linear(4, 4).to(dtype), torch.nn.Linear(4, 3).to(dtype)
    with gradtui.trace():
        loss = LOSSES[name](torch.randn(16, 4, dtype=dtype), a, b)
    found = gradtui.capture(loss).findings[0]
    assert found.kind == kind
    assert never not in found.remedy
    assert says in found.remedy


def test_what_has_no_slope_far_out_is_not_advised_for_it() -> None:
    """At -100 the slope of elu and of gelu is less than float32 holds; that of leaky_relu is not."""
    remedy = told("relu(x)", -100)[0].remedy
    assert "leaky_relu" in remedy
    for text in ("elu(x)", "gelu(x)"):
        assert text.partition("(")[0] not in remedy.partition("near 0")[2]
        assert told(text, -100)[0].kind == "saturated"
    assert "near 0" in remedy
