"""What the explorer is opened with."""

from __future__ import annotations

from msgspec import Struct

from gradtui.snapshot.defaults import STEP
from gradtui.snapshot.model import Device, Dtype, Origin
from gradtui.snapshot.training import Batches, Optimizer


class Start(Struct, frozen=True):
    """What a person asked to see first; all of it can be changed on the screen.

    expression: the function as typed or, by `origin`, the place of one in a file (`model.py:loss`).
    at: where variables stand, each a text as typed: a number or a whole vector (`pi/2`, `[1, 2]`), or a tuple of texts,
    one for each element of a vector. What is left out stands at its default.
    window: the ends of the chart's x-axis, None for the usual ones. step: how far one key press moves a variable, a decimal.
    theme: Textual's name of one, None for the usual one. names: words that are variables whatever they are.
    optimizer, trained: by what and which variables move, None where nobody has said. updates: how many are made at once.
    data: columns of data by name. unusable: those that are not all numbers, and why, in a sentence.
    batches: how the rows are taken, None for all at once. order: of the highest derivative, 0 where none was asked for.
    degree: of Taylor's polynomial, None for the order.
    """

    expression: str
    at: dict[str, str | tuple[str, ...]] = {}
    dtype: Dtype = "float32"
    device: Device = "cpu"
    window: tuple[float, float] | None = None
    step: str = STEP
    theme: str | None = None
    names: tuple[str, ...] = ()
    origin: Origin = "expression"
    optimizer: Optimizer | None = None
    trained: tuple[str, ...] | None = None
    updates: int = 0
    data: dict[str, tuple[float, ...]] = {}
    unusable: dict[str, str] = {}
    batches: Batches | None = None
    order: int = 0
    degree: int | None = None
