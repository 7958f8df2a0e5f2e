"""What is printed for programs is what the schema says: jsonschema is the judge."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import torch
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from msgspec.structs import replace

import gradtui
from gradtui.calculus.higher_orders import derivatives
from gradtui.command.cli import command
from gradtui.engine.training.evaluate import evaluate
from gradtui.report.json import answer, line, refusal
from gradtui.report.run import json as run_json
from gradtui.schemas import answers
from gradtui.snapshot.curve import CurveRequest
from gradtui.snapshot.model import Event, Problem, Request, Snapshot
from gradtui.snapshot.orders import OrdersRequest
from gradtui.snapshot.training import Batches, Norms, Optimizer, Training, TrainingRequest, Update
from tests import warm
from tests.command.runner import runner
from tests.file.test_snapshot_format import EVERYTHING
from tests.runs.made import run

Json = dict[str, Any]


@pytest.fixture(scope="module")
def strict() -> Draft202012Validator:
    """The schema, without room for keys that it does not name."""
    schema = answers()
    for one in schema["$defs"].values():
        _close(one)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for one in schema:
            _close(one)
    elif isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for one in schema.values():
            _close(one)


def printed(snapshot: Snapshot) -> Json:
    told: Json = json.loads(
        line(answer(snapshot) if snapshot.problem is None else refusal("f", snapshot.problem, snapshot))
    )
    return told


def asked(expression: str, **more: Any) -> Snapshot:
    return evaluate(Request(1, expression, **more))


def captured() -> Snapshot:
    last = torch.nn.Linear(40, 1)
    model = torch.nn.Sequential(torch.nn.Linear(3, 40), torch.nn.Tanh(), last)
    with gradtui.trace(model) as trace:
        loss = torch.log(model(torch.ones(2, 3)).detach() + last.bias * 0).sum()
    return trace.capture(loss)


def trained() -> Snapshot:
    training = TrainingRequest(Optimizer("Adam", {"lr": 0.1}), ("w",), count=3, batches=Batches(2))
    data = {"x": (1.0, 2.0, 3.0), "y": (2.0, 4.0, 7.0)}
    return asked("(w*x - y)^2", at={"w": 1.0, **data}, data=("x", "y"), training=training)


def differentiated() -> Snapshot:
    orders = OrdersRequest(3)
    known = tuple(
        derivatives(Request(1, "softmax(x)*w", {"x": (1.0, 2.0)}, orders=OrdersRequest(order))) for order in (1, 2, 3)
    )
    return replace(asked("softmax(x)*w", at={"x": (1.0, 2.0)}, orders=orders), derivatives=known)


def trained_file() -> Snapshot:
    moved = Update(0, 2.0, {}, norms=(Norms(1.0, 2.0, 0.1), Norms(None, 2.0, 0.0)))
    return replace(captured(), training=Training(Optimizer("SGD"), ("0.weight", "0.bias"), updates=(moved,)))


def refused() -> Snapshot:
    leaf = torch.ones(3, requires_grad=True)
    grown = leaf.exp()
    output = grown.sum() * 2
    grown.add_(1)
    return gradtui.capture(output)


@pytest.mark.parametrize(
    "snapshot",
    [
        lambda: EVERYTHING,
        lambda: asked("x^2 + 3x + 1", along=("x", 0), curve=CurveRequest("x", (-10.0, 10.0), key="c")),
        lambda: asked("sum(x^2)", at={"x": tuple(map(float, range(50)))}),
        lambda: asked("1/x", at={"x": 0.0}),
        lambda: asked("5 + 5"),
        lambda: asked("x +"),
        captured,
        trained,
        trained_file,
        refused,
        differentiated,
    ],
    ids=[
        "everything",
        "scalar",
        "vector",
        "infinite",
        "constant",
        "refused",
        "captured",
        "trained",
        "a file trained",
        "backward raises",
        "orders",
    ],
)
def test_what_is_printed(snapshot: Any, strict: Draft202012Validator) -> None:
    told = printed(snapshot())
    strict.validate(told)
    broken = told | ({"error": {"kind": "no such kind"}} if "error" in told else {"value": "nothing"})
    assert not strict.is_valid(broken)


def test_a_run(strict: Draft202012Validator) -> None:
    told: Json = json.loads(b"".join(run_json.pieces(run())))
    assert told["updates"]
    assert told["findings"]
    strict.validate(told)
    with pytest.raises(ValidationError):
        strict.validate(told | {"updates": [{"update": -1}]})


def test_refusal_of_a_batch(strict: Draft202012Validator) -> None:
    strict.validate(refusal("x +", Problem("syntax", "no", 3, 3, "more")))


@pytest.mark.child
def test_stdout_is_data_and_the_rest_is_stderr(strict: Draft202012Validator) -> None:
    command = warm.gradtui("-", "--json")
    lines = 'x^2\nxy\n{"expression": "sum(x)", "at": {"x": [1, 2]}}\n{"expression"\n[1, 2\n\n1e999\n'
    ended = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=120)
    told = [json.loads(one) for one in ended.stdout.splitlines()]
    assert len(told) >= 6
    for one in told:
        strict.validate(one)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_the_command_prints_it() -> None:
    printed = runner().invoke(command, ["--schema"])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout) == answers()


def test_an_event_is_printed_with_all_of_its_fields(strict: Draft202012Validator) -> None:
    told = printed(captured())
    strict.validate(told)
    assert [set(event) for event in told["events"]] == [set(Event.__struct_fields__)] * len(told["events"])
    assert {event["kind"]: event["reached"] for event in told["events"]}["detach"] is True
