"""What a training leaves: every update in numbers, findings with the update at which they began, Snapshots of some updates.

All of it is frozen. None means "there is none" or "not known", never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

MOST_NAMED = 10
"""Optimizers that are named at once; a training that makes one anew at each step has as many as updates."""


class ParameterNorms(Struct, frozen=True, gc=False):
    """One parameter in one update, by Euclidean norms.

    grad: of its gradient as `step` finds it: nan where an element is nan, else inf where one is infinite; None for no gradient.
    weight: of the parameter before the step. change: of what the step added to it. nan, inf: how many elements of the
    gradient are so.
    """

    grad: float | None
    weight: float
    change: float
    nan: int = 0
    inf: int = 0


class Update(Struct, frozen=True):
    """One call of an optimizer's `step` that ran.

    update: its number, from 0 over all optimizers. optimizer: its place in `Run.optimizers`. loss: what the last backward
    before it began from. lr: of each group of parameters. grad_norm: of all gradients together. parameters: of those that this
    optimizer has, by name. seconds: from the start of the run to the end of the step. thinned: whether only the parameters
    that stood out are kept of it.
    """

    update: int
    optimizer: int = 0
    loss: float | None = None
    lr: tuple[float, ...] = ()
    grad_norm: float | None = None
    parameters: Mapping[str, ParameterNorms] = {}
    seconds: float = 0.0
    thinned: bool = False


class Run(Struct, frozen=True):
    """A training, as far as it has come.

    what: the script or the model that was watched, with `arguments`. findings: the cause of most first, each with its `update`.
    snapshots: whole backward passes by the update that they belong to. printed: what the script wrote, its end, as it
    wrote it: what shows it makes it harmless. exit: its status; None where it has none, or was ended from outside. ended:
    whether the run came to its end, well or not. rank, ranks: of several processes that train together. started: seconds
    since 1970. thinned: of how many updates only the parameters are kept that stood out, each between those that are kept
    whole: the lowest and highest gradient and change. shards: names of the parameters of which this process holds a part
    (FSDP): all their norms are of that part. watch_ended: why it was not watched to its end: of what came after the last update
    here nothing is known; empty where it was.
    """

    what: str = ""
    arguments: tuple[str, ...] = ()
    optimizers: tuple[str, ...] = ()
    updates: Sequence[Update] = ()
    findings: tuple[Finding, ...] = ()
    snapshots: Mapping[int, Snapshot] = {}
    printed: str = ""
    exit: int | None = None
    ended: bool = False
    rank: int | None = None
    ranks: int | None = None
    started: float | None = None
    thinned: int = 0
    shards: tuple[str, ...] = ()
    watch_ended: str = ""

    def names_of(self, optimizers: Sequence[int]) -> tuple[str, ...]:
        """Of optimizers by their places, told apart: `Adam 1`, `Adam 2`. () where there is but one in the whole run, and
        where more are asked for than anybody tells apart."""
        asked = {*optimizers}
        if len(self.optimizers) < 2 or len(asked) > MOST_NAMED:
            return ()
        names = {place: self._name(place) for place in asked}
        return tuple(names[place] for place in optimizers)

    def _name(self, place: int) -> str:
        if place >= len(self.optimizers):
            return ""
        name = self.optimizers[place]
        return f"{name} {self.optimizers[: place + 1].count(name)}" if self.optimizers.count(name) > 1 else name
