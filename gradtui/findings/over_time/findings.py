"""What is wrong with a training: all detectors, asked in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradtui.findings.over_time import (
    between_updates,
    clipping,
    graphs,
    left_gradients,
    loss_curve,
    losses,
    not_finite,
    parameters,
    shapes_and_modes,
    steps_and_rates,
    structure,
    without_gradient,
)
from gradtui.findings.over_time.fault import Fault
from gradtui.findings.over_time.history import History
from gradtui.findings.over_time.sentences import told
from gradtui.findings.unfinished import Look
from gradtui.snapshot.finding import CERTAINTIES, Finding

DETECTORS: tuple[Callable[[History], Iterator[Fault]], ...] = (
    not_finite.raised,
    left_gradients.uncleared,
    left_gradients.late,
    left_gradients.twice,
    left_gradients.repeated,
    not_finite.detect,
    clipping.of_nothing,
    structure.wrong_backward,
    loss_curve.detect,
    loss_curve.sinks,
    loss_curve.spike,
    loss_curve.leaps,
    loss_curve.climbs,
    steps_and_rates.order,
    steps_and_rates.never,
    steps_and_rates.rate,
    steps_and_rates.rate_below_0,
    steps_and_rates.rate_gone,
    steps_and_rates.skipped,
    graphs.detect,
    parameters.replaced,
    parameters.in_no_optimizer,
    parameters.unfelt,
    parameters.unmoved,
    without_gradient.cut_off,
    without_gradient.penalised,
    parameters.eaten,
    without_gradient.dead,
    without_gradient.drifting,
    losses.given,
    shapes_and_modes.broadcast,
    shapes_and_modes.softmax_twice,
    shapes_and_modes.constant_part,
    shapes_and_modes.zero_derivative,
    shapes_and_modes.single_element,
    losses.constant_term,
    shapes_and_modes.padding,
    structure.symmetric,
    shapes_and_modes.evaluating,
    shapes_and_modes.never_training,
    between_updates.optimizer,
    between_updates.lost,
    between_updates.emptied,
    between_updates.off,
    clipping.detect,
    between_updates.written,
    left_gradients.carried,
    left_gradients.foreign,
    losses.row_order,
    losses.alike_inputs,
    losses.negated,
    losses.learned_target,
    structure.frozen_in_name,
    structure.frozen,
    structure.shared,
    structure.made_anew,
    steps_and_rates.rate_of_some,
    steps_and_rates.misnamed,
    clipping.by_hand,
    steps_and_rates.tiny,
    left_gradients.accumulated,
    left_gradients.left_over,
    steps_and_rates.unwatched,
)
"""In this order: a cause before what may come of it."""

LASTING = {
    not_finite.detect,
    loss_curve.detect,
    left_gradients.uncleared,
    left_gradients.late,
    graphs.detect,
    shapes_and_modes.broadcast,
    shapes_and_modes.softmax_twice,
    shapes_and_modes.padding,
    losses.given,
    between_updates.optimizer,
}
"""What these find while the training goes on is so whatever comes."""


def findings(history: History) -> tuple[Finding, ...]:
    """The cause of most first; of a parameter that has a cause nothing further is said. While the training goes on only what is
    so whatever comes."""
    explained: set[str] = set()
    found: list[Finding] = []
    look = Look()
    for fault in look.of_each((detect for detect in DETECTORS if history.ended or detect in LASTING), history):
        if fault.about and explained.issuperset(fault.about):
            continue
        explained.update(fault.about)
        with look.own():
            found.append(told(fault, history))
    return (*sorted(found, key=lambda one: CERTAINTIES.index(one.certainty)), *look.failed)
