"""Functions of a file in which a tensor without a gradient, or a plain number, brings in what is not finite, or a 0."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtui.engine.user.evaluate import evaluate
from gradtui.findings.findings import findings
from gradtui.snapshot.model import Request, Snapshot

CODE = """
import torch
big, zero = torch.tensor([1.0, float("inf")]), torch.tensor([1.0, 0.0])
mask = torch.tensor([False, True])

def f(x=torch.tensor([3.0, 2.0])):
    return {}
"""


def answer(folder: Path, body: str) -> Snapshot:
    (folder / "bad.py").write_text(CODE.format(body))
    found = evaluate(Request(1, f"{folder / 'bad.py'}:f", {}, origin="function"))
    assert isinstance(found, Snapshot)
    return found


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("(x * big).sum()", "input"),
        ("(x + big).sum()", "input"),
        ("(x - big).sum()", "input"),
        ("torch.maximum(x, big).sum()", "input"),
        ("torch.where(mask, big, x).sum()", "input"),
        ("x.masked_fill(mask, float('inf')).sum()", "input"),
        ("(x * float('inf')).sum()", "input"),
        ("(x + float('-inf')).sum()", "input"),
        ("(x * (big - big)).sum()", "input"),
        ("(x * (big * zero)).sum()", "zero_times_inf"),
        ("(x * (big * 0).exp()).sum()", "zero_times_inf"),
        ("(x + torch.where(mask[:, None], -torch.inf, zero).softmax(1)).sum()", "masked"),
        ("(x / zero).sum()", "pole"),
        ("(x / torch.zeros(())).sum()", "pole"),
        ("((x * 0) * big).sum()", "zero_times_inf"),
        ("(x * 1e38 * 10).sum()", "overflow"),
        ("(x * torch.tensor(1e38) * torch.tensor(10.0)).sum()", "overflow"),
        ("(100 * x).exp().sum()", "overflow"),
    ],
)
def test_what_is_no_overflow_is_not_called_one(body: str, kind: str, tmp_path: Path) -> None:
    forward = [one for one in findings(answer(tmp_path, body)) if one.phase == "forward"]
    assert [one.kind for one in forward] == [kind]
    assert " at :" not in forward[0].text
    assert "1 of its 1 " not in forward[0].text


def test_a_divisor_within_a_larger_operation_is_not_called_an_overflow(tmp_path: Path) -> None:
    (one,) = [one for one in findings(answer(tmp_path, "torch.addcdiv(x, x, zero).sum()")) if one.phase == "forward"]
    assert one.kind != "overflow"
    assert one.certainty != "proved"


@pytest.mark.parametrize(
    "body",
    [
        "torch.softmax(torch.cat((x, x.masked_fill(mask, float('-inf')))), 0)[0]",
        "torch.softmax(torch.cat((x, torch.where(mask, torch.tensor(float('-inf')), x))), 0)[0]",
        "torch.softmax(torch.cat((x, x + torch.tensor([0.0, float('-inf')]))), 0)[0]",
        "torch.logsumexp(x + torch.tensor([0.0, float('-inf')]), 0)",
        "x.masked_fill(mask, float('-inf')).max()",
    ],
)
def test_a_mask_that_is_taken_well_is_no_fault(body: str, tmp_path: Path) -> None:
    assert not [one for one in findings(answer(tmp_path, body)) if one.certainty == "proved"]


def test_a_row_that_is_masked_throughout_is_told(tmp_path: Path) -> None:
    found = findings(answer(tmp_path, "torch.softmax(x.masked_fill(~mask | mask, float('-inf')), 0)[0]"))
    assert found[0].kind == "masked"


@pytest.mark.parametrize("body", ["(x * (big - big)).sum()", "(x * ((big - big.mean()) / big.std())).sum()"])
def test_what_is_named_holds_what_is_said_of_it(body: str, tmp_path: Path) -> None:
    (one,) = [one for one in findings(answer(tmp_path, body)) if one.phase == "forward"]
    assert "big holds inf" in one.text
