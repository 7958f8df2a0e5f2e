"""How sure a finding is, and that what is often meant is no alarm."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import gradtui
from gradtui.engine.typed.evaluate import evaluate
from gradtui.findings.cause import Cause, Place
from gradtui.findings.findings import findings
from gradtui.findings.rank import gathered, ranked
from gradtui.findings.words.sentences import SENTENCES, told
from gradtui.snapshot.finding import Certainty
from gradtui.snapshot.model import Request, Snapshot
from tests.torch_version import VERSION
from tests.zoo import dead, values
from tests.zoo.case import Case, cases_of, run


@pytest.mark.parametrize("case", cases_of(values), ids=str)
def test_what_the_numbers_show_is_proved(case: Case) -> None:
    if case.kept and VERSION < (2, 10):
        pytest.skip("this torch does not show what nodes keep")
    assert findings(run(case.code))[0].certainty == "proved"


def test_a_learned_bound_that_nothing_reaches_is_perhaps_meant() -> None:
    assert {one.certainty for one in findings(run(dead.bound_that_nothing_reaches))} == {"perhaps"}


def test_a_factor_that_starts_at_0_and_learns_is_perhaps_meant() -> None:
    torch.manual_seed(0)
    model = nn.ParameterDict({"A": torch.randn(2, 4), "B": torch.zeros(4, 2)})
    x = torch.randn(5, 4)
    with gradtui.trace(model) as trace:
        loss = (x + x @ model["A"].T @ model["B"].T).pow(2).mean()
    assert {one.certainty for one in trace.capture(loss).findings} == {"perhaps"}


def test_a_bias_that_cancels_in_a_difference_is_perhaps_meant() -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    with gradtui.trace(model) as trace:
        loss = model(torch.randn(5, 3)).mean() - model(torch.randn(5, 3)).mean()
    assert {one.certainty for one in trace.capture(loss).findings} == {"perhaps"}


def test_an_expert_that_no_example_is_sent_to_is_perhaps_meant() -> None:
    torch.manual_seed(0)
    experts = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
    x, first = torch.randn(5, 3), torch.ones(5, 1, dtype=torch.bool)
    with gradtui.trace(experts) as trace:
        loss = torch.where(first, experts[0](x), experts[1](x)).square().mean()
    assert {one.certainty for one in trace.capture(loss).findings} == {"perhaps"}


def test_a_margin_that_all_keep_is_the_best_point_of_a_loss() -> None:
    """One and the same hinge as relu and as clamp; where the loss falls with it, it is a dead unit."""
    model = nn.Linear(2, 1)
    nn.init.ones_(model.weight)
    x = torch.rand(8, 2) + 4
    for hinge in (torch.relu, lambda margins: torch.clamp(margins, min=0)):
        for sign, certainties in ((0.5, {"perhaps"}), (-0.5, {"likely"})):
            with gradtui.trace(model) as trace:
                loss = sign * hinge(1 - model(x)).mean() + 0
            assert {one.certainty for one in trace.capture(loss).findings} == certainties


def test_a_layer_that_is_to_begin_as_next_to_nothing_is_no_alarm() -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict({"mix": nn.Linear(8, 8), "head": nn.Linear(8, 1)})
    model.register_parameter("scale", nn.Parameter(1e-7 * torch.ones(8)))
    x = torch.randn(4, 8)
    with gradtui.trace(model) as trace:
        loss = model["head"](x + model.scale * model["mix"](x)).square().mean()
    found = trace.capture(loss).findings
    assert [(one.kind, one.certainty) for one in found] == [("vanishing", "perhaps")]
    assert "scale" in found[0].text


def test_infinities_that_do_no_harm_are_not_told() -> None:
    """A mask of -inf, and an exponential that overflows where 1/inf = 0 is right."""
    model = nn.Linear(4, 12)
    x = torch.randn(2, 5, 4)
    with gradtui.trace(model) as trace:
        q, k, v = model(x).chunk(3, -1)
        scores = (q @ k.mT).masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
        loss = (scores.softmax(-1) @ v).square().mean() + (1 / (1e3 * q.detach().abs()).exp()).mean()
    assert trace.capture(loss).findings == ()


@pytest.mark.parametrize("expression", ["x^0", "(x - 4)^0 + 2"])
def test_a_power_of_0_is_constant_and_no_alarm(expression: str) -> None:
    found = findings(evaluate(Request(1, expression, {"x": 4.0})))
    assert {(one.kind, one.certainty) for one in found} == {("constant", "perhaps")}


@pytest.mark.parametrize(("frozen", "found"), [("", {("frozen", "proved")}), ("0", set())])
def test_frozen_throughout_is_never_meant(frozen: str, found: set[tuple[str, str]]) -> None:
    """A part of a model may well be frozen."""
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    model.get_submodule(frozen).requires_grad_(False)
    with gradtui.trace(model) as trace:
        loss = model(torch.randn(4, 3)).sum()
    assert {(one.kind, one.certainty) for one in trace.capture(loss).findings} == found


def cause(certainty: Certainty, parameter: str, kind: str = "gradients cancel") -> Cause:
    return Cause(kind, Place(), certainty=certainty, about=(parameter,))


def test_consequences_of_a_proved_cause_are_dropped_and_the_surest_come_first() -> None:
    perhaps, likely, proved = cause("perhaps", "a"), cause("likely", "b"), cause("proved", "c")
    assert ranked([perhaps, likely, proved, cause("likely", "c", "exploding")]) == [proved, likely, perhaps]


def test_parameters_of_one_cause_are_one_finding() -> None:
    causes = [Cause("storage freed", Place(), about=(f"layer.{number}.a",)) for number in range(24)]
    (whole,) = gathered(causes)
    assert len(whole.about) == 24
    assert "24" in told(whole, Snapshot(0, "loss", origin="capture")).text


def test_no_sentence_lacks_a_remedy() -> None:
    for kind, row in SENTENCES.items():
        assert row.text, kind
        assert row.remedy, kind


@pytest.mark.parametrize(("matrix", "singular"), [([[0.0, 1.0], [1.0, 0.0]], False), ([[1.0, 1.0], [1.0, 1.0]], True)])
def test_a_determinant_is_called_0_only_where_its_logarithm_is_infinite(
    matrix: list[list[float]], singular: bool
) -> None:
    """That of a negative one is nan."""
    with gradtui.trace() as trace:
        logarithm = torch.logdet(torch.nn.Parameter(torch.tensor(matrix)))
    first = trace.capture(logarithm).findings[0]
    assert (first.kind, first.certainty) == (("pole", "proved") if singular else ("domain", "likely"))


def test_evidence_of_a_single_number_has_no_index() -> None:
    """A loss of one number that is nan has no element to point at."""
    weight = torch.zeros(2, requires_grad=True)
    with gradtui.trace() as trace:
        loss = torch.log(weight.sum() - 1)
    (found,) = trace.capture(loss).findings
    assert found.evidence
    assert not any("first at" in one for one in found.evidence)


def test_a_part_of_the_loss_times_0_is_perhaps_meant() -> None:
    torch.manual_seed(0)
    model = nn.ModuleList([nn.Linear(3, 1), nn.Linear(3, 1)])
    x = torch.randn(5, 3)
    for weight in (0, 0.0):
        with gradtui.trace(model) as trace:
            loss = model[0](x).square().mean() + model[1](x).sum() * weight
        assert [(one.kind, one.certainty) for one in trace.capture(loss).findings] == [("masked", "perhaps")]


def test_what_cancels_in_a_factor_does_not_underflow() -> None:
    """The gradients of all rows add up to 0: no dtype is at its end."""
    weight, signs = torch.ones(1, dtype=torch.float16, requires_grad=True), torch.tensor([1.0, -1.0]).half()
    with gradtui.trace() as trace:
        loss = (weight * signs).sum()
    assert "underflow" not in [one.kind for one in trace.capture(loss, names={"weight": weight}).why("weight")]
