"""One of the processes of a training, for the tests: `python -m tests.engine.capture.rank NUMBER OF MEETING_PLACE`.

Tells on its standard output, in one line of JSON, what gradtui said of each case and what torch says. It ends by itself
whatever the others do.
"""

from __future__ import annotations

import datetime
import faulthandler
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard

import gradtui
from tests.torch_version import SHARDS_ON_A_CPU

AT_MOST = 240
"""Seconds, then it ends with a traceback of where it hangs."""
STEPS = 3
Numbers = dict[str, list[float] | None]


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last, self.other = (
            nn.Linear(4, 8),
            nn.LayerNorm(8),
            nn.Linear(8, 2),
            nn.Linear(8, 2),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = self.last(self.norm(torch.tanh(self.first(x)))).pow(2).mean()
        return loss


def network() -> Network:
    torch.manual_seed(0)
    return Network()


def batch(rank: int, step: int) -> torch.Tensor:
    torch.manual_seed(100 * rank + step)
    return torch.randn(3, 4)


def own_gradients(model: nn.Module, data: torch.Tensor) -> Numbers:
    """By torch, of this process alone."""
    names, parameters = zip(*model.named_parameters(), strict=True)
    found = torch.autograd.grad(model(data), parameters, allow_unused=True)
    return {name: None if grad is None else flat(grad) for name, grad in zip(names, found, strict=True)}


def flat(tensor: torch.Tensor) -> list[float]:
    whole = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return [float(number) for number in whole.detach().reshape(-1)]


def told(snapshot: gradtui.Snapshot) -> dict[str, Any]:
    return {
        "problem": snapshot.problem and snapshot.problem.message,
        "notes": [note.kind for note in snapshot.notes],
        "findings": [[finding.kind, finding.parameter] for finding in snapshot.findings],
        "why": {name: [finding.kind for finding in snapshot.why(name)] for name in snapshot.parameters},
        "reasons": {name: " ".join(finding.text for finding in snapshot.why(name)) for name in snapshot.parameters},
        "values": {name: parameter.value.unread for name, parameter in snapshot.parameters.items()},
        "grads": {
            name: None if parameter.grad is None else list(parameter.grad.numbers)
            for name, parameter in snapshot.parameters.items()
        },
        "in graph": {name: parameter.node is not None for name, parameter in snapshot.parameters.items()},
        "places": sorted({node.module for node in snapshot.graph.nodes}),
    }


def captured(model: nn.Module, data: torch.Tensor) -> tuple[torch.Tensor, gradtui.Snapshot]:
    loss = model(data)
    return loss, gradtui.capture(loss, model=model)


def traced(model: nn.Module, data: torch.Tensor) -> tuple[torch.Tensor, gradtui.Snapshot]:
    with gradtui.trace(model) as trace:
        loss = model(data)
    return loss, trace.capture(loss)


def nameless(model: nn.Module, data: torch.Tensor) -> tuple[torch.Tensor, gradtui.Snapshot]:
    """The caller has the model in a variable, and does not give it."""
    loss = model(data)
    return loss, gradtui.capture(loss)


Look = Callable[[nn.Module, torch.Tensor], tuple[torch.Tensor, gradtui.Snapshot]]
LOOKS: dict[str, Look] = {"captured": captured, "traced": traced, "nameless": nameless}


def trained(wrapped: nn.Module, rank: int, look: Look | None) -> dict[str, Any]:
    """Some steps of a training, at the last of them without zero_grad; with a look before each backward, or without."""
    optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.1)
    steps: list[dict[str, Any]] = []
    for step in range(STEPS):
        data = batch(rank, step)
        if look is None:
            loss, said = wrapped(data), {}
        else:
            before = {name: grad_of(parameter) for name, parameter in wrapped.named_parameters()}
            loss, snapshot = look(wrapped, data)
            untouched = before == {name: grad_of(parameter) for name, parameter in wrapped.named_parameters()}
            said = {**told(snapshot), "untouched": untouched}
        loss.backward()
        grads = {name: grad_of(parameter) for name, parameter in wrapped.named_parameters()}
        steps.append({"told": said, "grads": grads})
        optimizer.step()
        if step < STEPS - 2:
            optimizer.zero_grad()
    return {"steps": steps, "weights": {name: flat(parameter) for name, parameter in wrapped.named_parameters()}}


def grad_of(parameter: torch.Tensor) -> list[float] | None:
    return None if parameter.grad is None else flat(parameter.grad)


def replicated(**settings: Any) -> nn.Module:
    model = network()
    if "find_unused_parameters" not in settings:
        del model.other
    return nn.parallel.DistributedDataParallel(model, **settings)


def sharded(**settings: Any) -> nn.Module:
    model, mesh = network(), init_device_mesh("cpu", (distributed.get_world_size(),))
    for part in (model.first, model.last):
        fully_shard(part, mesh=mesh, **settings)
    fully_shard(model, mesh=mesh, **settings)
    return model


def flattened(**settings: Any) -> nn.Module:
    model = network()
    del model.other
    cpu = torch.device("cpu")
    model.first = FullyShardedDataParallel(model.first, device_id=cpu, **settings)  # type: ignore[assignment]
    return FullyShardedDataParallel(model, device_id=cpu, **settings)


ALL: Mapping[str, Callable[[], nn.Module]] = {
    "DDP": replicated,
    "DDP with unused": lambda: replicated(find_unused_parameters=True),
    "DDP static": lambda: replicated(static_graph=True),
    "DDP in buckets": lambda: replicated(gradient_as_bucket_view=True),
    "FSDP2": sharded,
    "FSDP2 kept": lambda: sharded(reshard_after_forward=False),
    "FSDP1": flattened,
    "FSDP1 with parameters": lambda: flattened(use_orig_params=True),
}
WRAPPERS = {name: wrapper for name, wrapper in ALL.items() if SHARDS_ON_A_CPU or not name.startswith("FSDP2")}


def main(rank: int, count: int, meeting_place: str) -> None:
    faulthandler.dump_traceback_later(AT_MOST, exit=True)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    patience = datetime.timedelta(seconds=AT_MOST / 2)
    distributed.init_process_group("gloo", f"file://{meeting_place}", patience, world_size=count, rank=rank)
    plain = network()
    answers: dict[str, Any] = {"own": own_gradients(plain, batch(rank, 0))}
    for name, wrapper in WRAPPERS.items():
        answers[name] = {"alone": trained(wrapper(), rank, None)}
        for look_name, look in LOOKS.items():
            answers[name][look_name] = trained(wrapper(), rank, look)
    distributed.barrier()
    distributed.destroy_process_group()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
