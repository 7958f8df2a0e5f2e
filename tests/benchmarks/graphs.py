"""Capture of other people's graphs, against torchviz and TorchLens on the same ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks.measure import alternating, busy, timed
from tests.benchmarks.table import Other, Row

RUNS = 7
BESIDE = 31
"""Runs beside other processes, which take the processor from some of them."""
SMALL, LARGE = 1_000, 200_000


def rows() -> Iterator[Row]:
    import torch
    import torchlens
    import torchviz

    import gradtui

    torch.set_num_threads(1)
    model, ids = bert()
    loss = model(ids).last_hidden_state.square().mean()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def backward() -> None:
        torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)

    def traced() -> None:
        with gradtui.trace(model):
            gradtui.capture(model(ids).last_hidden_state.square().mean(), model=model)

    named = dict(model.named_parameters())
    capture, bare, viz, attributes = alternating(
        timed(lambda: gradtui.capture(loss, model=model)),
        timed(backward),
        timed(lambda: torchviz.make_dot(loss, params=named)),
        timed(lambda: torchviz.make_dot(loss, params=named, show_attrs=True)),
        runs=RUNS,
        collected=True,
    )
    nodes = len(gradtui.capture(loss, model=model).graph.nodes)
    what = f"capture of a BERT loss, {nodes} nodes, less its backward"
    yield Row(what, max(0.0, capture - bare), peer=Other(viz, "torchviz.make_dot"), bar=1.0, of="peer")
    yield Row("  the same", max(0.0, capture - bare), peer=Other(attributes, "make_dot(show_attrs=True)"), of="peer")
    yield Row("  with its backward", capture, floor=Other(bare, "backward alone"))
    whole, lens = alternating(timed(traced), timed(lambda: torchlens.trace(model, ids)), runs=3, collected=True)
    yield Row("trace and capture, forward and backward", whole, peer=Other(lens, "TorchLens"), bar=1.0, of="peer")
    yield from beside_others(torch, lambda: gradtui.capture(loss, model=model), backward)
    small, large = (cost(count, torch, gradtui.capture) for count in (SMALL, LARGE))
    what = f"capture per node at {LARGE:,} nodes, less backward"
    yield Row(what, large, "µs", floor=Other(small, f"at {SMALL:,} nodes"), bar=1.5, of="floor")


def beside_others(torch: Any, capture: Callable[[], object], backward: Callable[[], None]) -> Iterator[Row]:
    """With as many threads as torch takes by itself, as in a training that has the workers of a DataLoader beside it. The
    backward pass too: its threads wait for each other, which is no work of ours. Run on one, it would take a fraction of that,
    and the gradients would be others in their last digits than those of the program."""

    def both() -> list[float]:
        return alternating(timed(capture), timed(backward), runs=BESIDE, collected=True)

    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        quiet, quiet_backward = both()
        with busy():
            beside, beside_backward = both()
    finally:
        torch.set_num_threads(threads)
    what = "beside a busy process for each core: capture with its backward"
    yield Row(what, beside, floor=Other(quiet, "on a quiet machine"), bar=2.0, of="floor")
    yield Row("  backward alone", beside_backward, floor=Other(quiet_backward, "on a quiet machine"))
    if beside > beside_backward:  # which varies by more than what is ours, some days
        ours = Other(quiet - quiet_backward, "on a quiet machine")
        yield Row("  capture less its backward", beside - beside_backward, floor=ours)


def bert() -> tuple[Any, Any]:
    """BERT-base in depth and heads, with few columns: what is measured is the graph, not the products of matrices."""
    import torch
    import transformers

    config = transformers.BertConfig(
        hidden_size=48,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=192,
        vocab_size=200,
        attn_implementation="eager",
    )
    return transformers.BertModel(config).eval(), torch.randint(0, 200, (2, 16))


def cost(nodes: int, torch: Any, capture: Callable[[Any], object]) -> float:
    """Seconds a node for a chain of so many, beyond those of its backward."""
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(nodes // 2):
        y = torch.sin(y) * 1.001
    captured, bare = alternating(
        timed(lambda: capture(y)), timed(lambda: torch.autograd.grad(y, x, retain_graph=True)), runs=3
    )
    return (captured - bare) / nodes
