"""A step of user code that raised, as a Snapshot: what torch refused, and the graph and events until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from gradtui.engine.autograd import graph
from gradtui.engine.autograd.release import guard
from gradtui.engine.capture import leaf_names, torch_refusals
from gradtui.engine.capture.capture import capture
from gradtui.engine.capture.recording import Recording
from gradtui.snapshot import model as data
from gradtui.snapshot.exception_text import said


def failed(
    error: BaseException, model: torch.nn.Module | None, recording: Recording, scope: Mapping[str, Any]
) -> data.Snapshot | None:
    """None where the exception has nothing to do with autograd."""
    found = torch_refusals.start(error)
    live = [tensor for tensor in found if tensor.requires_grad]
    known = leaf_names.given(None, model)
    nodes = graph.walk(*map(graph.root, live)) if live else []
    guard(nodes)
    told = torch_refusals.raised(error, nodes, recording, known)
    graph.release(nodes)
    if told is None or (told.how == "bad_values" and not recording.witnesses):
        return None
    if told.how == "no_graph" and found:
        return capture(found, None, model, recording, scope)
    message = said(error).strip().partition("\n")[0]
    problem = data.Problem("domain", f"{type(error).__name__}: {message}", source=told.source, raised=told)
    if live:
        return capture(live, None, model, recording, scope, problem)
    return data.Snapshot(
        0,
        "output",
        problem=problem,
        origin="capture",
        files=dict(recording.files),
        events=recording.events(known, {}),
        witnesses=tuple(recording.seen_going_bad({}, torch_refusals.bad_tensors(error))),
    )
