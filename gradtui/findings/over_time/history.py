"""What is known of a training so far, in numbers that do not grow with its updates, but for the losses. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gradtui.runs.run import ParameterNorms
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.source import Source

Seen = Literal[
    "broadcast", "clipped", "written", "late", "uncleared", "closure_uncleared", "step", "backward", "old_graph", "kept_graph",
    "skipped", "stepped_twice", "scaled", "cleared", "padding", "clamped", "bad_step",
    "loss_input", "learned_target", "moving_target", "moving_advantage", "row_order", "shared", "leaked", "leaf_loss",
    "made_smaller", "clipped_nothing", "made_anew", "transformed", "zero_derivative", "constant_term", "idle_closure",
    "single_element", "carried", "unstepped", "frozen_in_name", "custom",
    "new_leaves", "repeated_loss", "lost_update", "no_leaf", "emptied", "off", "left_over",
    "alike_inputs", "negated_loss",
]  # fmt: skip
"""What the watch notes beside the numbers of an update."""

YOUR_CODE = "your code"
"""The name of what updates weights by hand, in place of an optimizer's."""

DIVIDING = {"Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "SparseAdam"}
"""Optimizers that divide a gradient by its size and eps: what they change is about as large as the learning rate, whatever the
gradient is, but for one that is next to nothing beside eps."""

FIRST = 3
"""Steps of a training in which what it is made of is looked at."""
LASTING = 3
"""Steps in a row without a gradient: by then it is hardly one batch."""
LEAST_UPDATES = 3
"""Updates, or steps, in which something is seen before it is told: what happens once or twice may be a warm-up."""
OFTEN = 0.5
"""Of all steps: what happens in so many is no accident."""
MOSTLY = 0.9
"""Of all steps, for what holds of an optimizer throughout."""
LOW = 1e-2
"""Of the largest learning rate so far."""
EARLY = 10
"""First steps with a gradient, by which it is told whether a parameter moves at all."""


@dataclass(slots=True)
class Noted:
    """Something that was seen at one place: in which updates, how often, and facts of the first and the last time."""

    kind: Seen
    source: Source | None
    first: int
    last: int
    count: int = 1
    updates: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    latest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def since(self) -> int | None:
        """The update with which it began; None where that is among the first of all."""
        return self.first if self.first >= FIRST else None


@dataclass(slots=True)
class Run:
    """Updates one after another of which something holds. since: the first of those that last until now, None where it does
    not hold now; count: how many in all; longest: in a row."""

    since: int | None = None
    count: int = 0
    length: int = 0
    longest: int = 0

    def add(self, update: int, holds: bool) -> None:
        if not holds:
            self.since, self.length = None, 0
            return
        self.since = update if self.since is None else self.since
        self.count += 1
        self.length += 1
        self.longest = max(self.longest, self.length)


@dataclass(slots=True)
class ParameterHistory:
    """One parameter, over the steps of its optimizer; of one that no optimizer has, over all steps.

    optimizer: the last that it was given to. registered: whether the outermost module that ran knows of it. first: the update in
    which it was seen first. none, zero: no gradient, one that is 0 throughout. trained: steps with a gradient that is finite and
    not 0; since: the first of them. still: steps with such a gradient and a learning rate after which it was as before. unfelt:
    steps that such a gradient had hardly a part in. moved_early: of the first steps with one those after which it was another.
    drift: steps after which it was another without such a gradient. no_rate: the learning rate of its group was 0. written: it
    was another between two steps. frozen: requires_grad was False. penalised: its gradient was that of a penalty on itself alone.
    alike: all its rows were the same numbers when that was looked at. replaced: another tensor, which no optimizer has, has this
    name and a gradient, and its optimizer holds one that has neither. anew: no optimizer has it, and it was another tensor each
    time. rate, decay: the learning rate and weight_decay of its group in the last step.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    registered: bool
    optimizer: int | None = None
    steps: int = 0
    trained: int = 0
    none: Run = field(default_factory=Run)
    zero: Run = field(default_factory=Run)
    still: Run = field(default_factory=Run)
    unfelt: Run = field(default_factory=Run)
    moved_early: int = 0
    drift: Run = field(default_factory=Run)
    no_rate: Run = field(default_factory=Run)
    frozen: Run = field(default_factory=Run)
    penalised: Run = field(default_factory=Run)
    replaced: Run = field(default_factory=Run)
    bad: Run = field(default_factory=Run)
    largest: float = 0.0
    weight: float = 0.0
    alike: bool = False
    anew: bool = False
    first: int = 0
    first_weight: float | None = None
    rate: float = 0.0
    decay: float = 0.0
    since: int | None = None

    def stepped(
        self, update: int, norms: ParameterNorms, *, own: bool, has_rate: bool, is_old: bool, is_empty: bool
    ) -> None:
        """A step of its own optimizer, or of others where it has none. is_old: its gradient is the one of the step before.
        is_empty: it has no elements, where the gradient is 0."""
        gradient = norms.grad
        self.steps += 1
        self.weight = norms.weight
        trains = not is_old and gradient is not None and gradient > 0 and math.isfinite(gradient)
        if trains:
            self.since = update if self.since is None else self.since
            self.trained += 1
            self.largest = max(self.largest, gradient or 0.0)
        self.none.add(update, gradient is None)
        self.zero.add(update, gradient == 0 and not is_empty)
        self.bad.add(update, gradient is not None and not math.isfinite(gradient))
        self.still.add(update, own and trains and has_rate and norms.change == 0)
        self.moved_early += own and trains and norms.change != 0 and self.trained <= EARLY
        self.no_rate.add(update, own and not has_rate)
        self.drift.add(update, own and not trains and norms.change > 0)

    @property
    def comes(self) -> int:
        """The update with which it could begin to learn: where it was frozen at first, that of its first gradient."""
        return (self.since or 0) if self.frozen.count else self.first


@dataclass(slots=True)
class OptimizerHistory:
    """One optimizer. names: of its parameters. orphans: those of them that no module has that ran, while such a module has
    others; of_another: a module that did not run has some of them. keeps: names of its state (`exp_avg`). first, last: its
    updates. losses: by update. moves: by how much of the norm of all weights each of these steps changed them; changes: by how
    much. gradients: the norm of all in each of them, before they are clipped; infinite where it is not known. along: by how much
    the loss rose along the step before where that had ended, by these; nan where it is not known, 0 where the loss is not far
    above the least so far. top_rates: the largest learning rate of each. top_rate: that of all so far. low_rate: it is far below
    that. no_rate: all learning rates are 0; below_0: or less. scheduled: the rate it was made with, where a scheduler has changed
    it. misnamed: one that stands where it looks for none, and where. empty: no parameter had a gradient. behind: backward passes
    after its last step, at the end. moved_on: not all of its steps came from the line of the first. thrown_away: steps before
    which the gradients of all passes but the last were cleared. follows: an earlier optimizer that
    had the same parameters. by_hand: it is a person's own code that changes them. uphill: it makes the loss larger."""

    name: str
    names: frozenset[str]
    first: int
    orphans: frozenset[str] = frozenset()
    of_another: bool = False
    keeps: tuple[str, ...] = ()
    last: int = 0
    steps: int = 0
    source: Source | None = None
    losses: list[tuple[int, float]] = field(default_factory=list)
    least: float = math.inf
    moves: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    along: list[float] = field(default_factory=list)
    top_rates: list[float] = field(default_factory=list)
    top_rate: float = 0.0
    low_rate: Run = field(default_factory=Run)
    no_rate: Run = field(default_factory=Run)
    below_0: Run = field(default_factory=Run)
    rates: tuple[float, ...] = ()
    scheduled: float | None = None
    misnamed: tuple[str, float] | None = None
    empty: Run = field(default_factory=Run)
    empty_without_backward: int = 0
    behind: int = 0
    moved_on: bool = False
    passes: dict[int, int] = field(default_factory=dict)
    passed: Source | None = None
    undivided: int = 0
    thrown_away: int = 0
    follows: int | None = None
    by_hand: bool = False
    uphill: bool = False

    def stepped(self, update: int, rates: tuple[float, ...], source: Source | None) -> None:
        self.last, self.steps, self.rates = update, self.steps + 1, rates
        self.moved_on = self.moved_on or source != self.source
        self.no_rate.add(update, bool(rates) and not any(rates))
        self.below_0.add(update, bool(rates) and max(rates) < 0)
        self.top_rate = max(self.top_rate, *rates, 0.0)
        self.low_rate.add(update, bool(rates) and max(rates) < LOW * self.top_rate)


@dataclass(slots=True)
class ModeHistory:
    """A module that acts otherwise in eval mode, where gradients are wanted. learning: the last update in train mode. whole: the
    outermost is in eval mode too. learns: that has a parameter that requires a gradient. between: updates in eval mode after
    which it was in train mode again; first: of them."""

    name: str
    kind: str
    whole: bool
    learning: int | None = None
    learns: bool = False
    evaluating: Run = field(default_factory=Run)
    between: int = 0
    first: int = 0

    def runs(self, update: int, *, training: bool) -> None:
        """In this mode, before the step of this update."""
        since = self.evaluating.since
        if training and since is not None and since < update and self.learning is not None:
            self.first = self.first if self.between else since
            self.between += update - since
        self.evaluating.add(update, not training)
        if training:
            self.learning = update


@dataclass(slots=True)
class History:
    """updates: how many there were. passes: the findings of a whole backward pass at an update, where one was taken; explained:
    those of each parameter, which leave out its name.
    raised: what torch refused in a backward pass, and why; crossed: which part of that graph was made before the last step, all
    of it where a pass has gone through it before; crossing: that step, where its weights are in the graph.
    unwatched: of the steps of other threads at the same time the update then, the place of the first, and how many."""

    updates: int = 0
    parameters: dict[str, ParameterHistory] = field(default_factory=dict)
    optimizers: list[OptimizerHistory] = field(default_factory=list)
    modes: dict[str, ModeHistory] = field(default_factory=dict)
    noted: dict[tuple[object, ...], Noted] = field(default_factory=dict)
    passes: dict[int, tuple[Finding, ...]] = field(default_factory=dict)
    explained: dict[int, dict[str, tuple[Finding, ...]]] = field(default_factory=dict)
    bad_loss: tuple[int, float, Source | None] | None = None
    bad_gradient: tuple[int, tuple[str, ...], Source | None] | None = None
    raised: tuple[int, Source | None, tuple[Finding, ...]] | None = None
    crossed: Literal["none", "part", "all"] = "none"
    crossing: Source | None = None
    unwatched: tuple[int, Source | None, int] | None = None
    ended: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether a loss or a gradient was not finite."""
        return self.bad_loss is not None or self.bad_gradient is not None

    def is_after_bad(self, since: int | None) -> bool:
        bad = [found[0] for found in (self.bad_loss, self.bad_gradient) if found is not None]
        return bool(bad) and since is not None and since >= min(bad)

    @property
    def is_lost(self) -> bool:
        """Whether the last loss of an optimizer is not finite."""
        return any(one.losses and not math.isfinite(one.losses[-1][1]) for one in self.optimizers)

    def is_left_out(self, update: int) -> bool:
        """Whether no step took the loss that was not finite before this update, and the training went on."""
        losses = [one for optimizer in self.optimizers for one in optimizer.losses]
        goes_on = any(other >= update for other, _ in losses)
        return goes_on and self.bad_gradient is None and all(math.isfinite(loss) for _, loss in losses)

    @property
    def begun(self) -> int:
        """The update with which the newest training of a program began: with the first step of an optimizer, but for one that
        takes over the parameters of another."""
        return max((one.first for one in self.optimizers if one.follows is None), default=0)

    @property
    def is_early(self) -> bool:
        """Whether one of the first steps of a training comes. Before the very first it is not known that it is a new one."""
        return self.updates - self.begun < FIRST + bool(self.begun)

    def needs_no_gradient(self, number: int) -> bool:
        """Whether an optimizer moves its parameters by a rule of its own, as evolution does: none of them ever has a gradient,
        and torch's own optimizers leave such ones as they are."""
        own = [one for one in self.parameters.values() if one.optimizer == number and one.steps]
        return bool(own) and all(one.none.count == one.steps and one.drift.count >= MOSTLY * one.steps for one in own)

    def is_idle(self, number: int) -> bool:
        """Whether nothing that an optimizer has ever had a gradient, and nothing else moves it."""
        own = [one for one in self.parameters.values() if one.optimizer == number]
        are_without = all(one.none.count == one.steps and one.weight == one.first_weight for one in own)
        return bool(own) and are_without and self.optimizers[number].steps >= LASTING

    @property
    def are_idle(self) -> bool:
        """Whether all optimizers are."""
        return all(map(self.is_idle, range(len(self.optimizers))))

    def stays_without(self, name: str) -> bool:
        """Whether a parameter has no gradient, or one of 0, in as many steps with the present one as it takes to tell of that,
        and no pass since the first of them was looked at."""
        known = self.parameters.get(name)
        run = Run() if known is None else max(known.none, known.zero, key=lambda one: one.length)
        return run.since is not None and run.length == LASTING - 1 and all(update < run.since for update in self.passes)

    def note(self, kind: Seen, source: Source | None, key: object = None, **facts: Any) -> Noted:
        found = self.noted.get((kind, source, key))
        if found is None:
            found = self.noted[kind, source, key] = Noted(kind, source, self.updates, self.updates, 0, 0, facts)
        found.count += 1
        found.updates += found.last != self.updates or not found.updates
        found.last, found.latest = self.updates, facts
        return found

    def of(self, *kinds: Seen) -> list[Noted]:
        return [one for one in self.noted.values() if one.kind in kinds]
