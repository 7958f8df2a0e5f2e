"""Updates of a file's own parameters, and of its function's arguments, by the real optimizer, with a checkpoint before each, to
be gone back to."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import zip_longest
from types import ModuleType
from typing import Any

import torch
from msgspec import Struct

from gradtui.engine.capture.introspection import is_a, named_parameters
from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.training.optimizer import made, settings_of, state_of, step
from gradtui.engine.user.function_parameters import MOST_ELEMENTS, Arguments
from gradtui.engine.user.model_and_leaves import leaves_in, model_in
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

Tensors = dict[str, torch.Tensor]
At = Mapping[str, Place]


class Checkpoint(Struct):
    """Before an update: parameters and buffers, the arguments that are trained, the optimizer's state, the random generators."""

    tensors: tuple[torch.Tensor, ...]
    arguments: Tensors
    optimizer: dict[str, Any]
    process: ProcessState


class Course:
    """The training of what the module `user` holds, which has just been run: its parameters stand where the file put them.

    name, wanted: the function. owner: the object whose method it is, whose parameters count too. asked: what it is called with,
    where a leg has its arguments. value: f, a scalar, with these. An argument hides a leaf of the file that is called so.
    arguments: those that are trained.
    """

    def __init__(
        self,
        user: ModuleType,
        name: str,
        wanted: Callable[..., Any],
        owner: object,
        asked: Callable[[At], Arguments],
        value: Callable[[Arguments], torch.Tensor],
    ) -> None:
        self.user, self.name, self.wanted, self.owner = user, name, wanted, owner
        self._asked, self._value = asked, value
        parts = vars(owner) if "__dict__" in dir(type(owner)) else {}
        model = owner if is_a(owner, torch.nn.Module) else model_in({**vars(user), **parts})
        named: Tensors = {} if model is None else {**named_parameters(model)}
        held = {id(tensor) for tensor in named.values()}
        leaves = {name: leaf for name, leaf in leaves_in(vars(user)).items() if id(leaf) not in held}
        self.parameters = {name: leaf for name, leaf in (named | leaves).items() if leaf.requires_grad}
        self._tensors = [*named.values(), *leaves.values(), *([] if model is None else model.buffers())]
        self.arguments: Tensors = {}
        self._checkpoints = {0: self._checkpoint({})}
        self._legs: tuple[Leg, ...] = ()
        self._names: tuple[str, ...] | None = None
        self._chosen: tuple[str, ...] = ()

    @property
    def trained(self) -> Tensors:
        held = {name: self.parameters[name] for name in self._chosen if name not in self.arguments}
        return held | self.arguments

    @property
    def places(self) -> dict[str, Place]:
        """Where the arguments stand that are trained, of those that can stand anywhere."""
        return {name: _place(one.detach()) for name, one in self.arguments.items() if one.ndim < 2}

    def chosen(self, names: tuple[str, ...], arguments: Collection[str]) -> tuple[str, ...]:
        """The parameters of these names, or of the modules that are called so, and the arguments; for () all parameters of the
        file, or all arguments where f depends on none. Raises RefusalError."""
        held = [name for name in self.parameters if not (names and name in arguments)]
        every = [*held, *arguments]
        if not every:
            message = "nothing moves: the file holds no parameter that requires a gradient, and no argument takes one"
            hint = "make modules and leaves at the top of the file: those that the function makes are new each time"
            raise RefusalError("domain", message, hint)
        for name in names:
            if not any(_is_of(one, name) for one in every):
                others = ", ".join(every[:SHOWN]) + (" …" if len(every) > SHOWN else "")
                raise RefusalError("name", f"there is no parameter, module or argument {name}", f"there are {others}")
        if not names:
            return tuple(held if held and not (arguments and self._is_apart()) else arguments)
        return tuple(one for one in every if any(_is_of(one, name) for name in names))

    def _is_apart(self) -> bool:
        """Whether f, where the first leg begins, depends on no parameter of the file."""
        self.begin()
        with torch.enable_grad():
            f = self._value(self._asked(self._legs[0].at))
        if not f.requires_grad:
            return True
        return all(one is None for one in torch.autograd.grad(f, [*self.parameters.values()], allow_unused=True))

    def stand(self, request: TrainingRequest) -> None:
        """Where the updates before `request.update` have led; those whose checkpoint is gone are made again."""
        parting = _parting(request.legs, self._legs) if request.trained == self._names else 0
        if parting is not None:
            self._checkpoints = {number: kept for number, kept in self._checkpoints.items() if number <= parting}
        self._legs = request.legs
        if parting == 0:
            self._choose(request.trained)
        nearest = max(number for number in self._checkpoints if number <= request.update)
        self._restore(self._checkpoints[nearest])
        for _ in self._updates(nearest, request.update - nearest):
            pass
        self._begin_leg(request.update)

    def _choose(self, names: tuple[str, ...]) -> None:
        given = self._given(self._legs[0].at)
        self._names, self._chosen = names, self.chosen(names, given)
        held = {} if names else self.parameters
        self._checkpoints[0].arguments = {
            name: given[name] for name in self._chosen if name in given and name not in held
        }

    def _given(self, at: At) -> Tensors:
        asked = self._asked(at)
        return asked.variables | asked.leaves

    def _begin_leg(self, number: int) -> None:
        """Where a leg begins, the arguments that are trained stand where it says."""
        leg = self._leg(number)
        if leg.update == number and self.arguments:
            given = self._given(leg.at)
            self.arguments = {name: given[name] for name in self.arguments}

    def begin(self) -> None:
        """Where the file put it."""
        self._restore(self._checkpoints[0])

    def again(self, update: int) -> None:
        """As it stood before that update, where only the function ran since: it moves no parameter."""
        self._restore(self._checkpoints[update])
        self._begin_leg(update)

    def train(self, request: TrainingRequest) -> Training:
        """From where it stands; as many updates as there is time for, at least one of those that are asked for."""
        began, updates = time.perf_counter(), []
        for update in self._updates(request.update, request.count):
            updates.append(update)
            if time.perf_counter() - began > SECONDS:
                break
        optimizer = self._leg(request.update).optimizer
        return Training(
            optimizer,
            tuple(self.trained),
            settings_of(made(optimizer, self.trained, {})),
            tuple(updates),
            arguments=tuple(self.arguments),
            changed=len(self._legs) > 1,
        )

    def _updates(self, first: int, count: int) -> Iterator[Update]:
        real: torch.optim.Optimizer | None = None
        for number in range(first, first + count):
            leg = self._leg(number)
            if real is None or leg.update == number:
                self._begin_leg(number)
                real = self._optimizer(number)
            update = self._update(number, leg, real)
            self._checkpoints[number + 1] = self._checkpoint(real.state_dict()["state"])
            self._thin(number + 1)
            yield update

    def _f(self, leg: Leg) -> torch.Tensor:
        asked = self._asked(leg.at)
        for name, tensor in self.arguments.items():
            (asked.variables if name in asked.variables else asked.leaves)[name] = tensor
        return self._value(asked)

    def _update(self, number: int, leg: Leg, real: torch.optim.Optimizer) -> Update:
        gradients: list[torch.Tensor | None] = []
        values: list[float] = []

        def closure() -> torch.Tensor:
            real.zero_grad()
            with torch.enable_grad():
                loss = self._f(leg)
                if loss.requires_grad:
                    loss.backward()  # type: ignore[no-untyped-call]
            if not values:
                gradients.extend(None if one.grad is None else one.grad.detach().clone() for one in trained)
            values.append(loss.item())
            return loss

        named = self.trained
        trained = [*named.values()]
        before = [one.detach().clone() for one in trained]
        try:
            step(real, closure)
        finally:
            real.zero_grad()
        told = {
            name: Moved(_place(old), None if grad is None else _place(grad), _place(new.detach()), state_of(real, new))
            for (name, new), grad, old in zip(named.items(), gradients, before, strict=True)
            if self._is_told(name, new)
        }
        norms = tuple(
            Norms(None if grad is None else norm(grad), norm(old), norm(new.detach() - old))
            for grad, old, new in zip(gradients, before, trained, strict=True)
            if not named.keys() == told.keys() == self.arguments.keys()  # of arguments alone, all by their numbers
        )
        return Update(number, values[0], told, len(values), (), norms)

    def _is_told(self, name: str, tensor: torch.Tensor) -> bool:
        """By its numbers: an argument that can stand anywhere, and what is as small."""
        most = MOST_ELEMENTS if name in self.arguments else SMALL
        return tensor.ndim < 2 and 0 < tensor.numel() <= most and not tensor.is_complex()

    def _leg(self, number: int) -> Leg:
        return next(leg for leg in reversed(self._legs) if leg.update <= number)

    def _optimizer(self, number: int) -> torch.optim.Optimizer:
        """As it stands before update `number`; another one than before it begins anew."""
        real = made(self._leg(number).optimizer, self.trained, {})
        same_shapes = number in self._checkpoints and all(
            self._checkpoints[number].arguments[name].shape == one.shape for name, one in self.arguments.items()
        )
        same_kind = number and self._leg(number).optimizer.name == self._leg(number - 1).optimizer.name
        if same_kind and same_shapes:
            told = real.state_dict()
            real.load_state_dict({**told, "state": copy.deepcopy(self._checkpoints[number].optimizer)})
        return real

    def _checkpoint(self, optimizer: dict[str, Any]) -> Checkpoint:
        tensors = tuple(tensor.detach().clone() for tensor in self._tensors)
        arguments = {name: tensor.detach().clone() for name, tensor in self.arguments.items()}
        return Checkpoint(tensors, arguments, copy.deepcopy(optimizer), ProcessState())

    def _restore(self, checkpoint: Checkpoint) -> None:
        with torch.no_grad():
            for tensor, kept in zip(self._tensors, checkpoint.tensors, strict=True):
                tensor.detach().copy_(kept)
        self.arguments = {name: kept.clone().requires_grad_() for name, kept in checkpoint.arguments.items()}
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
