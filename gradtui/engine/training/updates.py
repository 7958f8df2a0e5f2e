"""Updates of a typed f: forward, backward and the optimizer's own step, once or many times, from any state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch

from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.training.batches import rows
from gradtui.engine.training.optimizer import made, settings_of, state_of, step
from gradtui.engine.typed import forward
from gradtui.expression.syntax import Expression
from gradtui.snapshot.training import Moved, Place, Tensor, Training, TrainingRequest, Update

MOST_NUMBERS = 2_000_000
"""Numbers that an answer holds of all its updates: places, gradients, states."""


def train(
    expression: Expression,
    leaves: Mapping[str, torch.Tensor],
    data: Mapping[str, torch.Tensor],
    request: TrainingRequest,
) -> Training:
    """`request.count` updates. leaves: where the variables stand; they are moved.

    Raises RefusalError for what cannot be trained, and ExpressionError where f cannot be evaluated.
    """
    trained = {name: leaves[name] for name in request.trained if name in leaves}
    unknown = [name for name in request.trained if name not in trained]
    if unknown:
        why = "is data" if unknown[0] in data else "is no variable of f"
        names = f"there are {', '.join(leaves)}" if leaves else ""
        raise RefusalError("name", f"{unknown[0]} cannot be trained: it {why}", names)
    if not trained:
        raise RefusalError("domain", "nothing is trained: f has no variable that could move")
    optimizer = made(request.optimizer, trained, request.state)
    before = {name: state_of(optimizer, variable) for name, variable in trained.items()}
    updates = Updates(expression, leaves, data, trained, optimizer, request)
    return Training(
        request.optimizer,
        tuple(trained),
        settings_of(optimizer),
        tuple(updates.made()),
        {name: state for name, state in before.items() if state},
        request.batches,
    )


class Updates:
    def __init__(
        self,
        expression: Expression,
        at: Mapping[str, torch.Tensor],
        data: Mapping[str, torch.Tensor],
        trained: Mapping[str, torch.Tensor],
        optimizer: torch.optim.Optimizer,
        request: TrainingRequest,
    ) -> None:
        self._expression, self._at, self._data = expression, at, data
        self._trained, self._optimizer, self._request = trained, optimizer, request

    def made(self) -> Iterator[Update]:
        """One after the other; fewer than were asked for where they would hold too much."""
        first, held = self._request.update, 0
        for number in range(first, first + self._request.count):
            update = self._update(number)
            held += sum(map(_size, update.variables.values()))
            yield update
            if held > MOST_NUMBERS:
                return

    def _update(self, number: int) -> Update:
        chosen = self._rows(number)
        leaves = self._leaves(chosen)
        first: dict[str, Place | None] = {}
        values: list[float] = []

        def closure() -> torch.Tensor:
            self._optimizer.zero_grad()
            with torch.enable_grad():
                loss = forward.total(forward.output(self._expression, leaves), mean=bool(self._data))
                if loss.requires_grad:
                    loss.backward()  # type: ignore[no-untyped-call]
            if not values:
                first.update({name: _place_or_none(variable.grad) for name, variable in self._trained.items()})
            values.append(loss.item())
            return loss

        places = {name: _place(variable) for name, variable in self._trained.items()}
        step(self._optimizer, closure)
        moved = {
            name: Moved(places[name], first[name], _place(variable), state_of(self._optimizer, variable))
            for name, variable in self._trained.items()
        }
        return Update(number, values[0], moved, len(values), chosen)

    def _rows(self, number: int) -> tuple[int, ...]:
        batches = self._request.batches
        return rows(batches, min(map(len, self._data.values())), number) if batches and self._data else ()

    def _leaves(self, chosen: tuple[int, ...]) -> Mapping[str, torch.Tensor]:
        return {**self._at, **(of_rows(self._data, chosen) if chosen else self._data)}


def of_rows(data: Mapping[str, torch.Tensor], chosen: tuple[int, ...]) -> dict[str, torch.Tensor]:
    index = torch.tensor(chosen)
    return {name: column[index.to(column.device)] for name, column in data.items()}


def _size(moved: Moved) -> int:
    places = 3 * (len(moved.value) if isinstance(moved.value, tuple) else 1)
    remembered = [one for value in moved.state.values() for one in (value if isinstance(value, tuple) else (value,))]
    return places + sum(len(one.numbers) for one in remembered if isinstance(one, Tensor))


def _place(tensor: torch.Tensor) -> Place:
    numbers = tensor.detach().tolist()
    return tuple(numbers) if isinstance(numbers, list) else numbers


def _place_or_none(tensor: torch.Tensor | None) -> Place | None:
    return None if tensor is None else _place(tensor)
