"""Nodes that a backward pass made in a person's code are told apart."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import gradtui
from gradtui.engine.autograd import graph


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
