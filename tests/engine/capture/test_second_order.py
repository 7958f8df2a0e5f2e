"""Nodes that a backward pass made in a person's code are told apart."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import gradtui
from gradtui.engine.autograd import graph
from gradtui.snapshot.model import Snapshot


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_a_gradient_penalty() -> None:
    """They are those to which anomaly mode gives a parent."""
    layer = torch.nn.Linear(2, 3)
    with torch.autograd.detect_anomaly(check_nan=False), gradtui.trace(layer) as trace:
        x = torch.ones(4, 2, requires_grad=True)
        y = torch.tanh(layer(x)).sum()
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        loss = (slope.norm(dim=1) - 1).pow(2).mean()
    walked: list[Any] = graph.walk(graph.root(loss))
    wanted = sorted(graph.short(node.name()) for node in walked if "parent_" in node.metadata)
    snapshot = trace.capture(loss)
    told = sorted(node.name for node in snapshot.graph.nodes if node.order)
    assert told == wanted
    assert told
    assert snapshot.graph.nodes[0].order == 0
    assert parents(walked, snapshot) == makers(snapshot)


def parents(walked: list[Any], snapshot: Snapshot) -> list[tuple[str, str]]:
    """Of each node that anomaly mode gives a parent its name, and that of the parent where it is in the graph too."""
    there = set(walked)
    named = [(node, node.metadata.get("parent_")) for node in walked if "parent_" in node.metadata]
    return sorted(
        (graph.short(node.name()), graph.short(parent.name()) if parent in there else "") for node, parent in named
    )


def makers(snapshot: Snapshot) -> list[tuple[str, str]]:
    nodes = snapshot.graph.nodes
    return sorted((node.name, "" if node.made_by is None else nodes[node.made_by].name) for node in nodes if node.order)


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
def test_a_gradient_of_a_gradient() -> None:
    """The second pass made nodes of the second order; each knows its node, and what it sent on has its value."""
    x = torch.tensor([0.5, 1.5], requires_grad=True)
    with torch.autograd.detect_anomaly(check_nan=False), gradtui.trace() as trace:
        y = torch.sin(x).exp().sum()
        (slope,) = torch.autograd.grad(y, x, create_graph=True)
        (further,) = torch.autograd.grad(slope.sum(), x, create_graph=True)
        loss = further.pow(2).sum()
    walked: list[Any] = graph.walk(graph.root(loss))
    snapshot = trace.capture(loss)
    assert parents(walked, snapshot) == makers(snapshot)
    assert {node.order for node in snapshot.graph.nodes} == {0, 1, 2}
    root = next(node for node in snapshot.graph.nodes if node.order == 2)
    assert root.value is not None
    assert root.value.numbers == tuple(further.tolist())


def test_without_create_graph_nothing_is_watched() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with gradtui.trace() as trace:
        y = x**3
        (slope,) = torch.autograd.grad(y, x, retain_graph=True)
        loss = y * slope
    assert all(not node.order for node in trace.capture(loss).graph.nodes)
