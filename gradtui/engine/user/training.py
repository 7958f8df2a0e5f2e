"""Updates of a file's own parameters by the real optimizer, with a checkpoint before each, to be gone back to."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from types import ModuleType
from typing import Any

import torch
from msgspec import Struct

from gradtui.engine.autograd.refusal import RefusalError
from gradtui.engine.capture.introspection import is_a, named_parameters
from gradtui.engine.training.optimizer import made, settings_of, state_of
from gradtui.engine.user.names import leaves_in, model_in
from gradtui.engine.user.process_state import ProcessState
from gradtui.snapshot.training import Leg, Moved, Norms, Place, Training, TrainingRequest, Update

SMALL = 8
"""Elements of a vector whose numbers are told; of a larger one, and of a matrix, only the norms are."""
SECONDS = 1.0
"""That the updates of one answer take: more are another answer's."""
MOST_BYTES = 256 * 2**20
"""Of all checkpoints. Where there are more, every other one of the older is let go, and made again when it is asked for."""
LEAST_BYTES = 2**15
"""Of a checkpoint, whatever its parameters: the states of the random generators."""
RECENT = 16
"""Checkpoints that are kept whatever they take."""
SHOWN = 6
"""Names that a sentence lists."""

Call = Callable[[Leg], torch.Tensor]
"""The function run once with the arguments of a leg: f, a scalar."""
Tensors = dict[str, torch.Tensor]


class Checkpoint(Struct):
    """Before an update: parameters and buffers, the optimizer's state, the random generators."""

    tensors: tuple[torch.Tensor, ...]
    optimizer: dict[str, Any]
    process: ProcessState


class Course:
    """The training of what the module `user` holds, which has just been run: its parameters stand where the file put them.

    wanted: the function. owner: the object whose method it is, whose parameters count too.
    """

    def __init__(self, user: ModuleType, wanted: Callable[..., Any], owner: object) -> None:
        self.user, self.wanted, self.owner = user, wanted, owner
        parts = vars(owner) if "__dict__" in dir(type(owner)) else {}
        model = owner if is_a(owner, torch.nn.Module) else model_in({**vars(user), **parts})
        named: Tensors = {} if model is None else {**named_parameters(model)}
        held = {id(tensor) for tensor in named.values()}
        leaves = {name: leaf for name, leaf in leaves_in(vars(user)).items() if id(leaf) not in held}
        self.parameters = {name: leaf for name, leaf in (named | leaves).items() if leaf.requires_grad}
        self._tensors = [*named.values(), *leaves.values(), *([] if model is None else model.buffers())]
        self._checkpoints = {0: self._checkpoint({})}
        self._legs: tuple[Leg, ...] = ()
        self._trained: Tensors = {}

    def chosen(self, names: tuple[str, ...]) -> Tensors:
        """The parameters of these names, or of the modules that are called so; all for (). Raises RefusalError."""
        if not self.parameters:
            hint = "make modules and leaves at the top of the file: those that the function makes are new each time"
            raise RefusalError("domain", "nothing moves: the file holds no parameter that requires a gradient", hint)
        for name in names:
            if not any(_is_of(parameter, name) for parameter in self.parameters):
                others = ", ".join([*self.parameters][:SHOWN]) + (" …" if len(self.parameters) > SHOWN else "")
                raise RefusalError("name", f"the file has no parameter or module {name}", f"there are {others}")
        return {
            parameter: tensor
            for parameter, tensor in self.parameters.items()
            if not names or any(_is_of(parameter, name) for name in names)
        }

    def stand(self, request: TrainingRequest, call: Call) -> None:
        """Where the updates before `request.update` have led; those whose checkpoint is gone are made again."""
        trained = self.chosen(request.trained)
        parting = _parting(request.legs, self._legs) if [*trained] == [*self._trained] else 0
        if parting is not None:
            self._checkpoints = {number: kept for number, kept in self._checkpoints.items() if number <= parting}
        self._legs, self._trained = request.legs, trained
        nearest = max(number for number in self._checkpoints if number <= request.update)
        self._restore(self._checkpoints[nearest])
        for _ in self._updates(nearest, request.update - nearest, call):
            pass

    def begin(self) -> None:
        """Where the file put it."""
        self._restore(self._checkpoints[0])

    def again(self, update: int) -> None:
        """As it stood before that update, where only the function ran since: it moves no parameter."""
        self._restore(self._checkpoints[update])

    def train(self, request: TrainingRequest, call: Call) -> Training:
        """From where it stands; as many updates as there is time for, at least one of those that are asked for."""
        began, updates = time.perf_counter(), []
        for update in self._updates(request.update, request.count, call):
            updates.append(update)
            if time.perf_counter() - began > SECONDS:
                break
        optimizer = self._leg(request.update).optimizer
        return Training(
            optimizer, tuple(self._trained), settings_of(made(optimizer, self._trained, {})), tuple(updates)
        )

    def _updates(self, first: int, count: int, call: Call) -> Iterator[Update]:
        real: torch.optim.Optimizer | None = None
        for number in range(first, first + count):
            leg = self._leg(number)
            if real is None or leg.update == number:
                real = self._optimizer(number)
            update = self._update(number, leg, real, call)
            self._checkpoints[number + 1] = self._checkpoint(real.state_dict()["state"])
            self._thin(number + 1)
            yield update

    def _update(self, number: int, leg: Leg, real: torch.optim.Optimizer, call: Call) -> Update:
        gradients: list[torch.Tensor | None] = []
        values: list[float] = []

        def closure() -> torch.Tensor:
            real.zero_grad()
            with torch.enable_grad():
                loss = call(leg)
                if loss.requires_grad:
                    loss.backward()  # type: ignore[no-untyped-call]
            if not values:
                gradients.extend(None if one.grad is None else one.grad.detach().clone() for one in trained)
            values.append(loss.item())
            return loss

        trained = [*self._trained.values()]
        before = [one.detach().clone() for one in trained]
        try:
            real.step(closure)  # type: ignore[arg-type] # torch's own closures return a tensor
        finally:
            real.zero_grad()
        norms = tuple(
            Norms(None if grad is None else norm(grad), norm(old), norm(new.detach() - old))
            for grad, old, new in zip(gradients, before, trained, strict=True)
        )
        small = {
            name: Moved(_place(old), None if grad is None else _place(grad), _place(new.detach()), state_of(real, new))
            for (name, new), grad, old in zip(self._trained.items(), gradients, before, strict=True)
            if new.ndim < 2 and new.numel() <= SMALL and not new.is_complex()
        }
        return Update(number, values[0], small, len(values), (), norms)

    def _leg(self, number: int) -> Leg:
        return next(leg for leg in reversed(self._legs) if leg.update <= number)

    def _optimizer(self, number: int) -> torch.optim.Optimizer:
        """As it stands before update `number`; another one than before it begins anew."""
        real = made(self._leg(number).optimizer, self._trained, {})
        if number and self._leg(number).optimizer.name == self._leg(number - 1).optimizer.name:
            told = real.state_dict()
            real.load_state_dict({**told, "state": copy.deepcopy(self._checkpoints[number].optimizer)})
        return real

    def _checkpoint(self, optimizer: dict[str, Any]) -> Checkpoint:
        tensors = tuple(tensor.detach().clone() for tensor in self._tensors)
        return Checkpoint(tensors, copy.deepcopy(optimizer), ProcessState())

    def _restore(self, checkpoint: Checkpoint) -> None:
        with torch.no_grad():
            for tensor, kept in zip(self._tensors, checkpoint.tensors, strict=True):
                tensor.detach().copy_(kept)
        checkpoint.process.restore()

    def _thin(self, here: int) -> None:
        each = LEAST_BYTES + 3 * sum(tensor.numel() * tensor.element_size() for tensor in self._tensors)
        if len(self._checkpoints) > max(RECENT, MOST_BYTES // each):
            older = sorted(self._checkpoints)[1 : -RECENT // 2]
            for number in {*older[::2]} - {here}:
                del self._checkpoints[number]


def norm(tensor: torch.Tensor) -> float:
    """The Euclidean norm, in float64."""
    whole = tensor.to_dense() if tensor.is_sparse else tensor
    real = torch.view_as_real(whole) if whole.is_complex() else whole
    return float(torch.linalg.vector_norm(real, dtype=torch.float64))


def _place(tensor: torch.Tensor) -> Place:
    numbers = (tensor.to_dense() if tensor.is_sparse else tensor).to(torch.float64)
    return tuple(numbers.reshape(-1).tolist()) if numbers.ndim else numbers.item()


def _is_of(parameter: str, name: str) -> bool:
    return parameter == name or parameter.startswith(f"{name}.")


def _parting(first: tuple[Leg, ...], second: tuple[Leg, ...]) -> int | None:
    """The first update that is made in another way; None where all are made alike."""
    for one, other in zip_longest(first, second):
        if one != other:
            return min(leg.update for leg in (one, other) if leg is not None)
    return None
