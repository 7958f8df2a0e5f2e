"""Every partial derivative in the table is torch's, and what explains a node comes out at the recorded number."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest
import torch
from torch.nn import functional

from gradtui.engine.autograd.saved import saved
from gradtui.engine.typed import forward
from gradtui.engine.typed.evaluate import evaluate
from gradtui.expression.functions import TABLE, Function
from gradtui.expression.parser import parse
from gradtui.grad_fns.elementwise_rules import ELEMENTWISE, FROM_2_14
from gradtui.grad_fns.rule_of_node import Rule, explain, letter, pretty, put_in, rule, rule_of
from gradtui.snapshot import model
from gradtui.snapshot.model import Request, Snapshot
from tests.torch_version import VERSION

INF = float("inf")
AROUND_0 = [-1.7, -1.0, -0.4, 0.0, 0.3, 1.0, 2.6]
AROUND_3 = [-3.1, -3.0, -1.0, 0.0, 2.9, 3.0, 4.0]
POSITIVE = [0.2, 0.5, 1.0, 2.0, 3.7]
FROM_0 = [0.0, *POSITIVE]
INSIDE_1 = [-0.9, -0.3, 0.0, 0.4, 0.8]
CORNERS = [-1.0, -0.5, -0.4, 0.0, 0.3, 0.5, 0.7]
PAIRS = list(itertools.product([-1.5, -0.4, 0.6, 2.0], [-2.1, -0.7, 0.35, 1.1]))
TIES = list(itertools.product([-1.0, 0.0, 2.0], [-1.0, 0.0, 2.0]))
TRIPLES = list(itertools.product([-1.0, 0.5, 2.0], repeat=3))


Points = Sequence[float] | Sequence[tuple[float, ...]]


@dataclass(frozen=True)
class Case:
    """An operation at points where its rule holds, corners included: operands a, b, c as columns.

    given: what stands for parameters that the node does not save.
    rtol: torch has the 1/6 of hardsigmoid in float32 only.
    """

    function: Callable[..., torch.Tensor]
    operands: Points
    given: dict[str, str] = field(default_factory=dict)
    rtol: float = 1e-12


CASES: dict[str, Case] = {
    "AddBackward0": Case(lambda a, b: torch.add(a, b, alpha=3), PAIRS),
    "AddBackward1": Case(lambda a: torch.ops.aten.add.Scalar(a, 2), AROUND_0, {"other": "2"}),
    "SubBackward0": Case(lambda a, b: torch.sub(a, b, alpha=3), PAIRS),
    "SubBackward1": Case(lambda a: torch.ops.aten.sub.Scalar(a, 2), AROUND_0, {"other": "2"}),
    "RsubBackward0": Case(lambda a, b: torch.rsub(a, b, alpha=3), PAIRS),
    "RsubBackward1": Case(lambda a: torch.rsub(a, 2, alpha=3), AROUND_0, {"other": "2"}),
    "MulBackward0": Case(torch.mul, PAIRS),
    "MulBackward1": Case(lambda a: torch.ops.aten.mul.Scalar(a, 3), AROUND_0),
    "DivBackward0": Case(torch.div, PAIRS),
    "DivBackward1": Case(lambda a: torch.ops.aten.div.Scalar(a, 3), AROUND_0),
    "DivBackward2": Case(lambda a, b: torch.div(a, b, rounding_mode=None), PAIRS),
    "DivBackward2 rounding_mode=floor": Case(lambda a, b: torch.div(a, b, rounding_mode="floor"), PAIRS),
    "DivBackward2 rounding_mode=trunc": Case(lambda a, b: torch.div(a, b, rounding_mode="trunc"), PAIRS),
    "NegBackward0": Case(torch.neg, AROUND_0),
    "ReciprocalBackward0": Case(torch.reciprocal, AROUND_0),
    "PowBackward0": Case(lambda a: a**3, AROUND_0),
    "PowBackward0 exponent=0": Case(lambda a: a**0, AROUND_0),
    "PowBackward1": Case(torch.pow, list(itertools.product(POSITIVE, AROUND_0))),
    "PowBackward2": Case(lambda a: 3**a, AROUND_0),
    "AddcmulBackward0": Case(lambda a, b, c: torch.addcmul(a, b, c, value=3), TRIPLES),
    "AddcdivBackward0": Case(lambda a, b, c: torch.addcdiv(a, b, c, value=3), TRIPLES),
    "LerpBackward0": Case(lambda a, b: torch.lerp(a, b, 0.3), PAIRS),
    "LerpBackward1": Case(torch.lerp, TRIPLES),
    "LdexpBackward0": Case(torch.ldexp, PAIRS),
    "SinBackward0": Case(torch.sin, AROUND_0),
    "CosBackward0": Case(torch.cos, AROUND_0),
    "TanBackward0": Case(torch.tan, AROUND_0),
    "AsinBackward0": Case(torch.asin, [*INSIDE_1, 1.0]),
    "AcosBackward0": Case(torch.acos, [*INSIDE_1, 1.0]),
    "AtanBackward0": Case(torch.atan, AROUND_0),
    "Atan2Backward0": Case(torch.atan2, PAIRS),
    "SinhBackward0": Case(torch.sinh, AROUND_0),
    "CoshBackward0": Case(torch.cosh, AROUND_0),
    "TanhBackward0": Case(torch.tanh, AROUND_0),
    "AsinhBackward0": Case(torch.asinh, AROUND_0),
    "AcoshBackward0": Case(torch.acosh, [1.0, 1.3, 4.0]),
    "AtanhBackward0": Case(torch.atanh, [*INSIDE_1, 1.0]),
    "SincBackward0": Case(torch.sinc, AROUND_0),
    "Deg2RadBackward0": Case(torch.deg2rad, AROUND_0),
    "Rad2DegBackward0": Case(torch.rad2deg, AROUND_0),
    "ExpBackward0": Case(torch.exp, AROUND_0),
    "Exp2Backward0": Case(torch.exp2, AROUND_0),
    "Expm1Backward0": Case(torch.expm1, AROUND_0),
    "LogBackward0": Case(torch.log, FROM_0),
    "Log2Backward0": Case(torch.log2, FROM_0),
    "Log10Backward0": Case(torch.log10, FROM_0),
    "Log1PBackward0": Case(torch.log1p, FROM_0),
    "SqrtBackward0": Case(torch.sqrt, FROM_0),
    "RsqrtBackward0": Case(torch.rsqrt, FROM_0),
    "HypotBackward0": Case(torch.hypot, [*PAIRS, (0.0, 0.0)]),
    "XlogyBackward0": Case(torch.xlogy, list(itertools.product(AROUND_0, POSITIVE))),
    "XlogyBackward1": Case(lambda a: torch.xlogy(3, a), POSITIVE),
    "XlogyBackward2": Case(lambda a: torch.xlogy(a, 3), AROUND_0),
    "SpecialXlog1PyBackward0": Case(torch.special.xlog1py, list(itertools.product(AROUND_0, FROM_0))),
    "LogaddexpBackward0": Case(torch.logaddexp, PAIRS),
    "Logaddexp2Backward0": Case(torch.logaddexp2, PAIRS),
    "AbsBackward0": Case(torch.abs, AROUND_0),
    "SignBackward0": Case(torch.sign, AROUND_0),
    "SgnBackward0": Case(torch.sgn, AROUND_0),
    "FloorBackward0": Case(torch.floor, AROUND_0),
    "CeilBackward0": Case(torch.ceil, AROUND_0),
    "RoundBackward0": Case(torch.round, AROUND_0),
    "TruncBackward0": Case(torch.trunc, AROUND_0),
    "FracBackward0": Case(torch.frac, AROUND_0),
    "FmodBackward0": Case(lambda a: torch.fmod(a, 0.7), AROUND_0, {"other": "0.7"}),
    "FmodBackward1": Case(torch.fmod, PAIRS),
    "RemainderBackward0": Case(lambda a: torch.remainder(a, 0.7), AROUND_0, {"other": "0.7"}),
    "RemainderBackward1": Case(torch.remainder, PAIRS),
    "CopysignBackward0": Case(torch.copysign, TIES),
    "CopysignBackward1": Case(lambda a: torch.copysign(a, -2.0), AROUND_0, {"other": "(-2)"}),
    "MaximumBackward0": Case(torch.maximum, TIES),
    "MinimumBackward0": Case(torch.minimum, TIES),
    "FmaxBackward0": Case(torch.fmax, TIES),
    "FminBackward0": Case(torch.fmin, TIES),
    "ClampBackward0": Case(torch.clamp, TRIPLES),
    "ClampBackward0 max=None": Case(torch.clamp, TIES),
    "ClampBackward0 min=None": Case(lambda a, b, c: torch.clamp(a, max=c), TRIPLES),
    "ClampBackward1": Case(lambda a: torch.clamp(a, -1, 1), AROUND_0),
    "ClampBackward1 max=None": Case(lambda a: torch.clamp(a, min=-1), AROUND_0),
    "ClampBackward1 min=None": Case(lambda a: torch.clamp(a, max=1), AROUND_0),
    "ClampMinBackward0": Case(lambda a: torch.clamp_min(a, 1), AROUND_0),
    "ClampMinBackward1": Case(torch.clamp_min, TIES),
    "ClampMaxBackward0": Case(lambda a: torch.clamp_max(a, 1), AROUND_0),
    "ClampMaxBackward1": Case(torch.clamp_max, TIES),
    "WhereBackward0": Case(lambda a, b: torch.where(a > b, a, b), TIES, {"condition": "a > b"}),
    "ErfBackward0": Case(torch.erf, AROUND_0),
    "ErfcBackward0": Case(torch.erfc, AROUND_0),
    "ErfinvBackward0": Case(torch.erfinv, INSIDE_1),
    "SpecialErfcxBackward0": Case(torch.special.erfcx, AROUND_0),
    "LgammaBackward0": Case(torch.lgamma, [-1.3, *POSITIVE]),
    "I0Backward0": Case(torch.i0, AROUND_0),
    "SpecialI0EBackward0": Case(torch.special.i0e, AROUND_0),
    "SpecialI1Backward0": Case(torch.special.i1, AROUND_0),
    "SpecialModifiedBesselI0Backward0": Case(torch.special.modified_bessel_i0, AROUND_0),
    "SpecialModifiedBesselI1Backward0": Case(torch.special.modified_bessel_i1, AROUND_0),
    "SpecialI1EBackward0": Case(torch.special.i1e, AROUND_0),
    "SpecialNdtriBackward0": Case(torch.special.ndtri, [0.1, 0.5, 0.8, 1.0]),
    "SpecialLogNdtrBackward0": Case(torch.special.log_ndtr, AROUND_0),
    "SpecialEntrBackward0": Case(torch.special.entr, FROM_0),
    "SigmoidBackward0": Case(torch.sigmoid, AROUND_0),
    "LogitBackward0": Case(lambda a: torch.logit(a, 0.1), [0.0, 0.1, 0.3, 0.95]),
    "LogitBackward0 eps=None": Case(torch.logit, [0.0, 0.1, 0.3, 0.95, 1.0]),
    "LogSigmoidBackward0": Case(functional.logsigmoid, AROUND_0),
    "ReluBackward0": Case(torch.relu, AROUND_0),
    "LeakyReluBackward0": Case(lambda a: functional.leaky_relu(a, 0.2), AROUND_0),
    "PreluKernelBackward0": Case(torch.ops.aten._prelu_kernel, TIES),
    "EluBackward0": Case(lambda a: torch.ops.aten.elu(a, 1.7, 1.1), AROUND_0),
    "CeluBackward0": Case(lambda a: functional.celu(a, 2.0), AROUND_0),
    "GeluBackward0": Case(functional.gelu, AROUND_0),
    "SiluBackward0": Case(functional.silu, AROUND_0),
    "MishBackward0": Case(functional.mish, AROUND_0),
    "SoftplusBackward0": Case(lambda a: functional.softplus(a, 1.5, 3.0), AROUND_0),
    "HardtanhBackward0": Case(functional.hardtanh, AROUND_0),
    "HardsigmoidBackward0": Case(functional.hardsigmoid, AROUND_3, rtol=1e-7),
    "HardswishBackward0": Case(functional.hardswish, AROUND_3),
    "HardshrinkBackward0": Case(functional.hardshrink, CORNERS),
    "SoftshrinkBackward0": Case(functional.softshrink, CORNERS),
    "ThresholdBackward0": Case(lambda a: functional.threshold(a, 0.3, 5), CORNERS, {"value": "5"}),
}


def leaves(operands: Points) -> list[torch.Tensor]:
    rows = [point if isinstance(point, tuple) else (point,) for point in operands]
    return [torch.tensor(column, dtype=torch.float64, requires_grad=True) for column in zip(*rows, strict=True)]


def as_node(grad_fn: torch.autograd.graph.Node) -> model.Node:
    name = grad_fn.name().rpartition("::")[2]
    return model.Node(0, name, (), "float64", "cpu", 0, 0, (), saved=saved(grad_fn))


def exactly(grad_fn: torch.autograd.graph.Node) -> dict[str, str]:
    """The node's plain parameters, to the last digit."""
    parameters = {name: getattr(grad_fn, f"_saved_{name}") for name in (kept.name for kept in as_node(grad_fn).saved)}
    return {name: f"({value!r})" for name, value in parameters.items() if type(value) in (int, float)}


def evaluated(formula: str, parameters: dict[str, str], values: dict[str, torch.Tensor]) -> torch.Tensor:
    """A formula by our own parser and engine."""
    known = parameters | {name: name for name in values}
    text = put_in(formula, known)
    assert text is not None, formula
    with torch.no_grad():
        output = forward.run(parse(text, tuple(values)), values).output
    shape = next(iter(values.values())).shape
    return torch.as_tensor(output, dtype=torch.float64).expand(shape)


def is_at_a_corner(y: torch.Tensor, operands: Sequence[torch.Tensor]) -> torch.Tensor:
    bounds = [torch.full_like(y, bound) for bound in (-1, 1)] if len(operands) == 1 else []
    return torch.stack([one.detach() == y.detach() for one in (*operands, *bounds)]).sum(0) > 1


def test_at_a_corner_torch_takes_what_is_said_of_its_version() -> None:
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "ClampBackward1": lambda a: a.clamp(-1, 1),
        "FmaxBackward0": lambda a: torch.fmax(a, torch.ones(())),
    }
    for name, function in functions.items():
        a = torch.ones((), requires_grad=True)
        function(a).backward()  # type: ignore[no-untyped-call]
        stated = re.search(r": (0|1/2) from torch 2.14 on", FROM_2_14[name])
        assert stated is not None
        expected = {"0": 0.0, "1/2": 0.5}[stated[1]] if VERSION >= (2, 14) else 1.0
        assert a.grad is not None
        assert a.grad.item() == expected


@pytest.mark.parametrize("key", ELEMENTWISE)
def test_elementwise_rule(key: str) -> None:
    """The row, and the rule as it is shown for this node: forward and all partial derivatives, to 1e-12."""
    if not hasattr(torch._C._functions, key.partition(" ")[0]):
        pytest.skip(f"torch {torch.__version__} has no such node")
    case = CASES[key]
    operands = leaves(case.operands)
    y = case.function(*operands)
    assert y.grad_fn is not None
    node = as_node(y.grad_fn)
    shown = rule_of(node)
    forward_text, *partials = ELEMENTWISE[key]
    assert shown is not None
    assert node.name == key.partition(" ")[0]
    assert shown.elementwise
    assert not any(target for target, _ in y.grad_fn.next_functions[len(partials) :])
    values = {letter(index): operand.detach() for index, operand in enumerate(operands)} | {"y": y.detach()}
    parameters = exactly(y.grad_fn) | case.given
    expected = torch.autograd.grad(y.sum(), operands, allow_unused=True)
    for formula in (forward_text, shown.forward):
        torch.testing.assert_close(evaluated(formula, parameters, values), y.detach(), rtol=1e-12, atol=1e-14)
    for index, gradient in enumerate(expected):
        for formula in (partials[index], shown.gradient(index)):
            if gradient is not None:
                found = evaluated(formula, parameters, values)
                if node.name in FROM_2_14 and VERSION >= (2, 14):
                    found = torch.where(is_at_a_corner(y, operands), gradient, found)
                if node.name == "HardswishBackward0" and VERSION <= (2, 6):
                    found = torch.where(operands[0].abs() == 3, gradient, found)
                torch.testing.assert_close(found, gradient, rtol=case.rtol, atol=1e-14, equal_nan=True)


def test_cases_and_table_cover_each_other() -> None:
    assert set(CASES) == set(ELEMENTWISE)


LANGUAGE = [
    "x^2 + 3x + 1",
    "sin(x^2)*exp(-x)",
    "1/(1 + exp(-x))",
    "2/x - y",
    "1 - x",
    "x/y",
    "x^y",
    "2^x",
    "pi*x",
    "2 pi x",
    "lerp(x, 2, y)",
    "clamp(x, -1, y)",
    "clamp(x, 0, 1)",
    "selu(-x)",
    "elu(-x, 2)",
    "softsign(-x)",
    "ndtr(-x)",
    "max(x, x)",
    "atan2(2, -x)",
    "softplus(x, 2)",
    "logit(y, 0.1)",
    "xlogy(x, y)",
    "hardswish(-x)",
    "mish(x)",
    "log_ndtr(-x)",
    "cos(1e-5 x)",
    "(-x)^2*(-y)",
    "fmod(x, y)",
    "0*sqrt(x - x)",
]
"""Scalar lines, with x = 1.3 and y = 0.7, whose numbers the explanations put in."""


def snapshot(text: str, at: dict[str, float | tuple[float, ...]]) -> Snapshot:
    found = evaluate(Request(1, text, at, dtype="float64"))
    assert found.problem is None
    return found


@pytest.mark.parametrize("text", LANGUAGE)
def test_numbers_put_in_give_the_recorded_number(text: str) -> None:
    """`2·4^(2 - 1) = 8`: what stands before each equals sign is, read by our own parser, what stands behind it."""
    found = snapshot(text, {"x": 1.3, "y": 0.7} if "y" in text else {"x": 1.3}).graph
    for node in found.nodes:
        explained = explain(found, node.id)
        assert [each.edge for each in explained] == [i for i, edge in enumerate(node.edges) if edge.target is not None]
        for each in explained:
            edge = node.edges[each.edge]
            assert edge.local is not None
            assert edge.grad is not None
            computed = [step for step in each.rule.split(" = ")[1:] if not names(step)]
            assert computed
            for step in computed:
                assert number(step) == pytest.approx(edge.local, rel=1e-8, nan_ok=True) or "/(2·0)" in step
            _, product, sent = each.sent.split(" = ")
            assert number(product) == pytest.approx(edge.grad.numbers[0], rel=1e-8, nan_ok=True)
            assert number(sent) == pytest.approx(edge.grad.numbers[0], rel=1e-8, nan_ok=True)


def names(text: str) -> set[str]:
    return set(re.findall(r"\b[a-z_]+(?![a-z_(])", text)) - {"pi", "e", "inf", "nan"}


def number(text: str) -> float:
    """A line without names by our own parser and engine; a division by 0 as a float has it."""
    if "/(2·0)" in text:
        return INF
    output = forward.run(parse(text), {}).output
    assert not isinstance(output, torch.Tensor)
    return float(output)


def lines(text: str, at: dict[str, float | tuple[float, ...]]) -> list[tuple[str, str, str]]:
    found = snapshot(text, at).graph
    return [(node.name, each.rule, each.sent) for node in found.nodes for each in explain(found, node.id)]


def test_explanations_read_as_on_paper() -> None:
    assert lines("x^2 + 3x", {"x": 4.0}) == [
        ("AddBackward0", "∂(a + b)/∂a = 1", "ḡ · 1 = 1 · 1 = 1"),
        ("AddBackward0", "∂(a + b)/∂b = 1", "ḡ · 1 = 1 · 1 = 1"),
        ("MulBackward0", "∂(a·b)/∂a = b = 3", "ḡ · 3 = 1 · 3 = 3"),
        ("PowBackward0", "∂(a^exponent)/∂a = exponent·a^(exponent - 1) = 2·4^(2 - 1) = 8", "ḡ · 8 = 1 · 8 = 8"),
    ]
    assert lines("tanh(-x)", {"x": -0.0}) == [
        ("TanhBackward0", "∂tanh(a)/∂a = 1 - y² = 1 - 0² = 1", "ḡ · 1 = 1 · 1 = 1"),
        ("NegBackward0", "∂(-a)/∂a = -1", "ḡ · (-1) = 1 · (-1) = -1"),
    ]


def test_vectors_are_put_in_and_what_was_broadcast_is_summed() -> None:
    assert lines("sum(x*v)", {"x": -2.0, "v": (1.0, 2.0, 4.0)}) == [
        ("SumBackward0", "to a: ḡ for every element", "1 → [1, 1, 1]"),
        ("MulBackward0", "∂(a·b)/∂a = b = [1, 2, 4]", "sum(ḡ · b) = sum([1, 1, 1] · [1, 2, 4]) = 7"),
        ("MulBackward0", "∂(a·b)/∂b = a = -2", "ḡ · a = [1, 1, 1] · (-2) = [-2, -2, -2]"),
    ]
    assert lines("exp(v)", {"v": (0.0,) * 5}) == [
        ("ExpBackward0", "∂exp(a)/∂a = y", "ḡ · y = [1, 1, 1, 1, … 5 in all]")
    ]


def test_nothing_is_said_of_what_did_not_arrive() -> None:
    found = snapshot("x*3", {"x": 2.0}).graph
    assert found.nodes[0].edges[1].constant == "3"
    unreached = model.Graph(tuple(msgspec.structs.replace(node, grad_output=None, step=None) for node in found.nodes))
    assert explain(unreached, 0) == ((0, "∂(a·b)/∂a = b = 3", ""),)


def test_a_name_without_a_row() -> None:
    assert rule("SegmentReduceBackward0") is None
    node = model.Node(0, "MyFunctionBackward", (), "float32", "cpu", 0, 0, (model.Edge(None),))
    assert rule_of(node) is None
    assert explain(model.Graph((node,)), 0) == ()


def test_a_leaf_passes_nothing_on() -> None:
    """What comes in is added to .grad, as torch does at a second backward()."""
    leaf = torch.tensor(2.0, requires_grad=True)
    for expected in (3.0, 6.0):
        (3 * leaf).backward()  # type: ignore[no-untyped-call]
        assert leaf.grad == expected
    assert rule("AccumulateGrad") == Rule("a leaf, whose .grad grows by ḡ", (), False)
    assert explain(snapshot("x", {"x": 2.0}).graph, 0) == ()


def test_a_rule_by_name_keeps_its_parameters() -> None:
    assert rule("MulBackward0") == Rule("a*b", ("b", "a"), True)
    added = rule("AddBackward0")
    assert added is not None
    assert [added.text(0), added.text(1)] == ["∂(a + alpha·b)/∂a = 1", "∂(a + alpha·b)/∂b = alpha"]
    product = rule("MmBackward0")
    assert product is not None
    assert [product.text(0), product.text(1)] == ["to a: ḡ @ bᵀ", "to b: aᵀ @ ḡ"]


def test_pretty_writes_only_whole_one_digit_powers_high() -> None:
    assert pretty("2*a^2 + y^3/2 - a^(b - 1)*a^1.5*a^10") == "2·a² + y³/2 - a^(b - 1)·a^1.5·a^10"


@pytest.mark.long
@pytest.mark.parametrize("function", TABLE, ids=lambda row: row.name)
def test_every_grad_fn_of_the_language_has_a_row(function: Function) -> None:
    """All ways to give each function numbers, scalars and vectors, parts of composite operations included."""
    ran = 0
    for count in range(function.least, function.most + 1):
        for operands in itertools.product(["x", "v", "1" if function.name == "nll_loss" else "0.3"], repeat=count):
            arguments = ["x > 0.5", *operands[1:]] if function.name == "where" else operands
            found = evaluate(Request(1, f"{function.name}({', '.join(arguments)})", {"x": 0.6, "v": (0.3, 0.7)}))
            ran += bool(found.graph.nodes)
            assert [node.name for node in found.graph.nodes if rule_of(node) is None] == []
    assert ran


def test_import_is_pure_and_quick() -> None:
    """No torch, no textual, no sympy; 5 ms of a processor, and a good deal more is allowed."""
    code = (
        "import time, sys, re, typing, gradtui.snapshot.model; start = time.process_time();"
        "import gradtui.grad_fns.rule_of_node;"
        "print(time.process_time() - start, *({'torch', 'textual', 'sympy', 'dataclasses'} & set(sys.modules)))"
    )
    taken = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert len(taken) == 1
    assert float(taken[0]) < 0.1
