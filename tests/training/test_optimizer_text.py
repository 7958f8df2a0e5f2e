"""An optimizer is read as torch spells it, and refused where torch would refuse it."""

from __future__ import annotations

import ast
import inspect

import pytest
import torch

from gradtui.snapshot.training import Optimizer
from gradtui.training.optimizer_text import OptimizerError, read_optimizer
from gradtui.training.optimizers import ELSEWHERE, OPTIMIZERS, settings
from tests.torch_version import VERSION, takes


def test_names_and_defaults_are_those_of_torch() -> None:
    for name, rows in OPTIMIZERS.items():
        signature = inspect.signature(getattr(torch.optim, name))
        theirs = {one.name: one.default for one in [*signature.parameters.values()][1:]}
        ours = {row.name: row.default for row in rows if row.name in theirs or VERSION >= (2, 15)}
        assert ours == theirs, name
    known = {*OPTIMIZERS, *ELSEWHERE, "Optimizer"}
    assert {name for name in dir(torch.optim) if name[0].isupper()} <= known


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("Adam", "Adam", {}),
        ("Adam()", "Adam", {}),
        ("SGD(lr=0.1, momentum=0.9)", "SGD", {"lr": 0.1, "momentum": 0.9}),
        ("  Adam( lr = 1e-3 ,betas=(0.9, 0.99), )\n", "Adam", {"lr": 1e-3, "betas": (0.9, 0.99)}),
        ("Adam(betas=[0.9, 0.99])", "Adam", {"betas": (0.9, 0.99)}),
        (
            "torch.optim.SGD(model.parameters(), lr=.1, nesterov=True, momentum=.5)",
            "SGD",
            {"lr": 0.1, "nesterov": True, "momentum": 0.5},
        ),
        (
            "optim.LBFGS(params, line_search_fn='strong_wolfe', max_eval=None)",
            "LBFGS",
            {"line_search_fn": "strong_wolfe", "max_eval": None},
        ),
        ("ASGD(alpha=-0.5)", "ASGD", {"alpha": -0.5}),
    ],
)
def test_read(text: str, name: str, given: dict[str, object]) -> None:
    read = read_optimizer(text)
    assert (read.name, read.settings) == (name, given)
    assert read_optimizer(read.text) == read


WRONG = {
    "Adma(lr=0.1)": "Adma",
    "Adam(lr=0.1, beta=(0.9, 0.99))": "beta=(0.9, 0.99)",
    "Adam(lr=-1)": "-1",
    "Adam(betas=(0.9, 1.0))": "(0.9, 1.0)",
    "Adam(betas=0.9)": "0.9",
    "Adam(lr=(0.1, 0.1))": "(0.1, 0.1)",
    "SGD(momentum=True)": "True",
    "SGD(nesterov=1)": "1",
    "SGD(lr=__import__('os').system('id'))": "__import__('os').system('id')",
    "SGD(lr=1+1)": "1+1",
    "SGD(lr=1e999)": "1e999",
    "SGD(lr=1" + "0" * 400 + ")": "1" + "0" * 400,
    "SGD(lr=1e-400)": "1e-400",
    "SGD(dampening=-2.5E-999)": "-2.5E-999",
    "Adam(betas=(1e-400, 0.99))": "1e-400",
    "Adam(betas=(1 - 0.1, 0.99))": "1 - 0.1",
    "SGD(lr=pi)": "pi",
    "SGD(lr=0,1)": "0,1",
    "SGD(lr=0.1, momentum=0,9, nesterov=True)": "0,9",
    "Adam(betas=(0,9, 0,99))": "(0,9, 0,99)",
    "LBFGS(max_iter=" + "-" * 400 + "1)": None,
    "SGD(lr='a')": "'a'",
    "SGD(0.1)": "0.1",
    "SGD(params, 0.1)": "0.1",
    "SGD(lr=0.1, lr=0.2)": None,
    "SGD(**x)": None,
    "SGD(nesterov=True)": "SGD(nesterov=True)",
    "LBFGS(max_iter=0)": "0",
    "LBFGS(line_search_fn='armijo')": "'armijo'",
    "Rprop(etas=(1.5, 2))": "Rprop(etas=(1.5, 2))",
    "Muon(lr=0.1)": "Muon",
    "os.SGD(lr=0.1)": "os.SGD",
    "lambda: 0": "lambda: 0",
    "Adam(lr=0.1": None,
    "": None,
    "SGD(lr=" + "(" * 300 + "1" + ")" * 300 + ")": None,
    "SGD(lr=0.1)" + " " * 600: None,
    "SGD(lr=0x)\0": None,
    "é = SGD": None,
}


@pytest.mark.parametrize("text", WRONG)
def test_refused_in_a_sentence_with_its_place(text: str) -> None:
    with pytest.raises(OptimizerError) as raised:
        read_optimizer(text)
    error = raised.value
    assert error.message
    assert 0 <= error.start <= error.end <= max(len(text) + 1, 1)
    place = WRONG[text]
    if place is not None:
        assert text[error.start : error.end] == place


@pytest.mark.parametrize("name", [*OPTIMIZERS])
def test_two_letters_swapped_are_that_name(name: str) -> None:
    """What is nearer by its letters, and not what is longer and has more of them."""
    for place in range(len(name) - 1):
        swapped = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        if swapped not in OPTIMIZERS:
            with pytest.raises(OptimizerError) as raised:
                read_optimizer(f"{swapped}(lr=0.1)")
            assert f"{name}?" in raised.value.hint.split(), swapped


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SGD(lr=1/10)", "written out"),
        ("SGD(lr=10**-3)", "written out"),
        ("Adam(betas=(math.exp(-1), 0.9))", "written out"),
        ("SGD(lr='0.1')", "quotation"),
        ("SGD(lr=0,1)", "point"),
        ("Adam(betas=(0,9, 0,99))", "point"),
        ("Adam(betas=(0,9))", "point"),
        ("SGD(lr=1e-400)", "small"),
        ("SGD(lr=1e400)", "large"),
        ("SGD(learning_rate=0.1)", "lr?"),
        ("Adam(betas=(0.9, 1))", "1"),
    ],
)
def test_what_is_wrong_with_a_number_is_told(text: str, word: str) -> None:
    with pytest.raises(OptimizerError) as raised:
        read_optimizer(text)
    assert word in str(raised.value)
    assert ("point" in str(raised.value)) == (word == "point")


@pytest.mark.parametrize("text", ["0", "0.0", "0e5", "0x0", "-0.0", "1e-300", "5e-324"])
def test_a_number_that_a_float_holds_is_read(text: str) -> None:
    assert read_optimizer(f"SGD(dampening={text})").settings == {"dampening": ast.literal_eval(text)}


@pytest.mark.parametrize(
    "text", [text for text in WRONG if text[:3] in ("SGD", "Ada", "LBF", "Rpr") and "(" in text and "1e999" not in text]
)
def test_what_is_taken_torch_takes(text: str) -> None:
    """The other way round: each default, and each setting at the edge of what it may be."""
    name = text.partition("(")[0]
    if name in OPTIMIZERS:
        its = {row: value for row, value in settings(Optimizer(name)).items() if takes(name, row)}
        getattr(torch.optim, name)([torch.zeros(2, requires_grad=True)], **its)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_edges(name: str) -> None:
    """What is refused here torch refuses, and what is read torch takes."""
    for row in (row for row in OPTIMIZERS[name] if takes(name, row.name)):
        for value in (
            "0",
            "-1",
            "1",
            "0.5",
            "1.5",
            "(0, 0)",
            "(0.5, 1.5)",
            "(0.5, 1)",
            "True",
            "None",
            "'strong_wolfe'",
        ):
            text = f"{name}({row.name}={value})"
            try:
                optimizer = read_optimizer(text)
            except OptimizerError:
                continue
            if row.name in ("fused", "capturable", "differentiable", "foreach"):
                continue  # what torch says of these depends on the machine
            if text in ("ASGD(lambd=-1)", "ASGD(alpha=-1)") and VERSION >= (2, 15):
                continue  # from then on torch refuses it
            getattr(torch.optim, name)([torch.zeros(2, requires_grad=True)], **optimizer.settings)
