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


class Leg(Struct, frozen=True):
    """From update `update` on a file's parameters move by this optimizer, with these arguments of its function; those of them
    that are trained begin here."""

    update: int
    optimizer: Optimizer
    at: dict[str, Place] = {}


class TrainingRequest(Struct, frozen=True):
    """`count` updates from where the request's `at` stands; of a file's parameters, from where `legs` have led.

    trained: the variables that move; of a file parameters, modules and arguments, () for all parameters. update: the number of
    the first update, 0 at the start. state: of the optimizer before it, by variable; what is not there begins anew. legs: how
    the updates before it were made, the first one first.
    """

    optimizer: Optimizer
    trained: tuple[str, ...]
    update: int = 0
    count: int = 1
    state: dict[str, State] = {}
    batches: Batches | None = None
    legs: tuple[Leg, ...] = ()


class Norms(Struct, frozen=True, gc=False, array_like=True):
    """A parameter of a file in one update, by Euclidean norms: its gradient (None for none), itself before, and by how much it
    moved."""

    grad: float | None
    weight: float
    change: float


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
    evaluated, more than once with LBFGS. rows: of the data that f was averaged over; () for all of them. norms: of a file's
    parameters, in the order of `Training.trained`; of these `variables` has only the small ones. () where only arguments move,
    and `variables` has them all.
    """

    update: int
    value: float
    variables: dict[str, Moved]
    evaluations: int = 1
    rows: tuple[int, ...] = ()
    norms: tuple[Norms, ...] = ()


class Spelling(Struct, frozen=True):
    """How a script finds what a run of a file trains. file, folder: their whole paths; module: its name from there.

    function: `user.loss`, or `made.loss`; then `made` is the object that is made for it, `user.Net()`. trained: a Python
    expression for each, empty for an argument. values: what f is called with and is no tensor, as Python writes it. positional:
    arguments that have no name for who calls.
    """

    file: str
    folder: str
    module: str
    function: str
    made: str
    trained: tuple[str, ...]
    values: dict[str, str] = {}
    positional: tuple[str, ...] = ()


class Training(Struct, frozen=True):
    """Updates in a row. settings: all of the optimizer's, as torch has them; before: its state before the first of them.

    arguments: of what is trained, the arguments of a file's function. changed: whether an optimizer or an argument was another
    one on the way. spelling: of a file, for a script; None where that would need more than a few lines.
    """

    optimizer: Optimizer
    trained: tuple[str, ...]
    settings: dict[str, Setting] = {}
    updates: tuple[Update, ...] = ()
    before: dict[str, State] = {}
    batches: Batches | None = None
    arguments: tuple[str, ...] = ()
    changed: bool = False
    spelling: Spelling | None = None
