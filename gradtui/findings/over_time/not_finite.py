"""Since when the loss or a gradient is nan or infinite, and by what: what the backward pass of that update tells."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradtui.findings.over_time import losses
from gradtui.findings.over_time.fault import UNSEEN, Fault
from gradtui.findings.over_time.history import History, Noted
from gradtui.findings.over_time.loss_curve import ends_in, growth, jump, jumped, sinking, thrown
from gradtui.snapshot.finding import NOT_FINITE


def raised(history: History) -> Iterator[Fault]:
    """What torch refused, and the program ended with."""
    if history.raised is not None and history.ended:
        update, place, causes = history.raised
        for cause in causes[:1]:
            if cause.kind == "inplace" and history.crossed != "none" and cause.source is None:
                row = "old graph is changed" if history.crossed == "all" else "step changed what is kept"
                yield Fault(row, update, {"step": history.crossing or "the last step"}, "likely", source=place)
                return
            far = thrown(history, update, (), cause) if cause.kind in NOT_FINITE else None
            yield far or Fault("raised", update, {}, cause.certainty, source=cause.source or place, begun_by=cause)


def detect(history: History) -> Iterator[Fault]:
    loss, gradient = history.bad_loss, history.bad_gradient
    if loss is None and gradient is None:
        return
    about: tuple[str, ...] = ()
    if loss is not None and (gradient is None or loss[0] <= gradient[0]):
        update, place = loss[0], loss[2]
        row, what = "loss is not finite", "nan" if math.isnan(loss[1]) else "infinite"
    else:
        assert gradient is not None
        update, about, place = gradient
        row, what = "gradient is not finite", "not finite"
    if any(ends_in(history, found, update) for found in (*growth(history), *sinking(history))):
        return  # it grew, or sank, until it was
    causes = [one for one in history.passes.get(update, ()) if one.kind in NOT_FINITE]
    if loss is not None and history.is_left_out(loss[0]):
        for cause in causes[:1]:
            yield Fault("loss is left out", update, {"what": what}, "perhaps", source=cause.source, begun_by=cause)
        return
    recovers = any(one.losses and one.losses[-1][0] > update for one in history.optimizers) and not history.is_lost
    facts = {"what": what, "when": "in this update" if recovers else "from here on"}
    steps = [one for one in history.of("bad_step") if one.first < update]
    if steps:
        yield _by_step(history, steps[0])
        return
    if not causes:
        yield Fault(UNSEEN[row], update, facts, about=about, source=place)
        return
    given = losses.made_nan(history)
    if given is not None and causes[0].source == given.source:
        return  # that is told
    grown = jump(history, update) if causes[0].kind in ("overflow", "exploding") else None
    if grown is not None:
        yield jumped(history, grown, f", and is {what} after it", (), causes[0])
        return
    far = thrown(history, update, about, causes[0])
    if far is not None:
        yield far
        return
    yield Fault(row, update, facts, causes[0].certainty, about, causes[0].source, begun_by=causes[0])


def _by_step(history: History, step: Noted) -> Fault:
    facts = step.facts
    optimizer = history.optimizers[facts["optimizer"]]
    told = {
        "optimizer": optimizer.name,
        "dtype": facts["dtype"],
        "eps": facts["eps"],
        "rate": max(optimizer.rates, default=math.nan),
    }
    row = "eps is lost" if facts["is_lost"] else "step makes nan"
    return Fault(row, step.first, told, "proved", facts["names"], step.source)
