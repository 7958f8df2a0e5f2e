"""Training: what is asked of an optimizer, and what each update did. Numbers are whole: a run goes on from any of them."""

from __future__ import annotations

from msgspec import Struct

Place = float | tuple[float, ...]
"""Where a variable stands, or its gradient: a number, or one for each element of a vector."""

Setting = bool | int | float | str | None | tuple[float, ...]


class Tensor(Struct, frozen=True, gc=False):
    """A tensor of an optimizer's state, to the last bit: what goes back into torch is what came out of it."""

    shape: tuple[int, ...]
    dtype: str
    numbers: tuple[float, ...]


Remembered = Tensor | float | int | None | tuple[Tensor | float | None, ...]
"""One entry of `optimizer.state[variable]`; a tuple stands for a list."""

State = dict[str, Remembered]
"""`optimizer.state[variable]` under torch's own names: `momentum_buffer`, `exp_avg`, `step`."""


class Optimizer(Struct, frozen=True):
    """One of torch.optim, by its name there, with the settings that were given. The others stand at torch's own defaults."""

    name: str
    settings: dict[str, Setting] = {}

    @property
    def text(self) -> str:
        """As torch spells it: `Adam(lr=0.1, betas=(0.9, 0.99))`."""
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"


class Batches(Struct, frozen=True):
    """Minibatches of so many rows, the rows in another order each epoch; of `seed`, as torch's RandomSampler draws them."""

    size: int
    seed: int = 0


class TrainingRequest(Struct, frozen=True):
    """`count` updates from where the request's `at` stands.

    trained: the variables that move. update: the number of the first update, 0 at the start. state: of the optimizer before it,
    by variable; what is not there begins anew.
    """

    optimizer: Optimizer
    trained: tuple[str, ...]
    update: int = 0
    count: int = 1
    state: dict[str, State] = {}
    batches: Batches | None = None


class Moved(Struct, frozen=True, gc=False):
    """One variable in one update: where it stood, its gradient there (None for none), where it stands after, and the
    optimizer's state after."""

    value: Place
    grad: Place | None
    after: Place
    state: State = {}


class Update(Struct, frozen=True):
    """One call of `optimizer.step`.

    update: its number, from 0. value: f before, of which the gradients are. evaluations: how often the optimizer had f
    evaluated, more than once with LBFGS. rows: of the data that f was averaged over; () for all of them.
    """

    update: int
    value: float
    variables: dict[str, Moved]
    evaluations: int = 1
    rows: tuple[int, ...] = ()


class Training(Struct, frozen=True):
    """Updates in a row. settings: all of the optimizer's, as torch has them; before: its state before the first of them."""

    optimizer: Optimizer
    trained: tuple[str, ...]
    settings: dict[str, Setting] = {}
    updates: tuple[Update, ...] = ()
    before: dict[str, State] = {}
    batches: Batches | None = None
