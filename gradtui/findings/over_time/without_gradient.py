"""Parameters that have no gradient, or one of 0: from the start, or from some update on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from msgspec.structs import replace

from gradtui.findings.over_time.biases import is_bias
from gradtui.findings.over_time.fault import UNSEEN, Fault
from gradtui.findings.over_time.history import LASTING, LEAST_UPDATES, MOSTLY, History, ParameterHistory, Run
from gradtui.findings.over_time.loss_curve import growth, jump, jumped, leaps, thrown
from gradtui.findings.over_time.parameters import replaced, unowned
from gradtui.findings.over_time.steps_and_rates import is_told
from gradtui.snapshot.finding import CUT_OFF, Certainty, Finding

DYING = {"dead", "saturated", "flat", "clamped", "zero", "constant", "shrinking", "underflow", "vanishing", "masked"}
CUTTING = {"detached", "no_grad", "left_torch"}
"""Of causes that say which line took something out of its graph."""
NONE = CUT_OFF | {"zero"}
"""Of what gets no gradient; `zero` where a backward of a person's own sends None."""


def cut_off(history: History) -> Iterator[Fault]:
    """One that had a gradient and has none any more, or never had one."""
    for (update, frozen), group in _without(history, lambda one: one.none).items():
        names = tuple(one.name for one in group)
        began = update if any(one.trained for one in group) else None
        if frozen:
            yield Fault("frozen later", began, {"update": update}, "perhaps", names)
            continue
        if began:
            yield from _by_pass(history, update, began, names, NONE, "no gradient any more")
            continue
        for number in dict.fromkeys(one.optimizer for one in group):
            own = tuple(one.name for one in group if one.optimizer == number)
            found = _by_pass(history, update, began, own, NONE, "never a gradient")
            yield from found if number is None else _surer(history, number, own, found)


def _surer(history: History, number: int, names: tuple[str, ...], found: Iterator[Fault]) -> Iterator[Fault]:
    """Where no parameter of an optimizer ever has a gradient, what is found of these is hardly meant."""
    leaf = next((one for key, one in history.noted.items() if one.kind == "new_leaves" and key[2] == number), None)
    if not history.is_idle(number) or (leaf is None and not history.are_idle):
        yield from found
        return
    facts = {"optimizer": history.optimizers[number].name, "steps": history.optimizers[number].steps}
    for fault in found:
        if fault.certainty == "proved":
            yield fault
        elif leaf is not None and (fault.begun_by is None or fault.begun_by.kind not in CUTTING):
            yield Fault("backward ends at a new leaf", None, facts, "likely", names, leaf.source)
            return
        elif fault.begun_by is None:
            yield Fault("nothing has a gradient", None, facts, "likely", fault.about)
        else:
            yield replace(fault, certainty="likely")


def dead(history: History) -> Iterator[Fault]:
    """One whose gradient has become 0 for good; or that has none any more, where what is left is set to 0 and not to None. Of one
    that the optimizer moves all the same `drifting` tells, where it is not sure why."""
    for fault in _dead(history):
        if fault.certainty != "perhaps" or not any(_drifts(history, history.parameters[name]) for name in fault.about):
            yield fault


def _dead(history: History) -> Iterator[Fault]:
    for (update, frozen), group in sorted(_without(history, lambda one: one.zero).items()):
        names = tuple(one.name for one in group)
        began = update if any(one.trained for one in group) else None
        explained = history.explained.get(update, {})
        cut = any(one.kind in CUT_OFF for name in names for one in explained.get(name, ()))
        if frozen:
            yield Fault("frozen later", began, {"update": update}, "perhaps", names)
        elif began and cut:
            yield from _by_pass(history, update, began, names, CUT_OFF, "no gradient any more")
        else:
            yield from _by_pass(
                history, update, began, names, DYING, "gradient is 0 for good" if began else "gradient is always 0"
            )


def penalised(history: History) -> Iterator[Fault]:
    """One that a penalty on itself alone gives a gradient, from the start to the end. Where that is so of all, the loss may be
    made of nothing else."""
    others = any(one.trained and one.penalised.since is None for one in history.parameters.values())
    for (update, _), group in _without(history, lambda one: one.penalised).items():
        names = tuple(one.name for one in group)
        found = _by_pass(history, update, None, names, CUT_OFF | DYING, "penalty alone")
        for fault in found:
            cancels = all(map(is_bias, fault.about))  # before a normalisation, say
            if fault.begun_by is not None or (others and not cancels):
                yield fault


def drifting(history: History) -> Iterator[Fault]:
    """One that moves by weight decay or momentum alone, and of which `dead` does not tell why."""
    groups: dict[tuple[int, float], list[ParameterHistory]] = {}
    explained = {name for fault in dead(history) for name in fault.about}
    for one in history.parameters.values():
        if one.optimizer is not None and _drifts(history, one) and one.name not in explained:
            groups.setdefault((one.optimizer, one.decay), []).append(one)
    if any(one.bad.count for group in groups.values() for one in group):
        return
    for (number, decay), found in groups.items():
        if history.needs_no_gradient(number):
            continue
        row = "decay alone moves it" if decay else "moves without a gradient"
        facts = {"optimizer": history.optimizers[number].name, "decay": decay, "count": found[0].drift.count,
                 "before": found[0].first_weight, "after": found[0].weight}  # fmt: skip
        yield Fault(row, None, facts, "likely", tuple(one.name for one in found))


def _drifts(history: History, one: ParameterHistory) -> bool:
    count = one.drift.count
    is_moved = not one.trained and count >= LEAST_UPDATES and count >= MOSTLY * one.steps
    return is_moved and not history.is_after_bad(one.drift.since)


def _without(
    history: History, lacking: Callable[[ParameterHistory], Run]
) -> dict[tuple[int, bool], list[ParameterHistory]]:
    """Those of optimizers that lack something to the end: since when, and whether they are frozen. Without those of which it is
    told otherwise why."""
    groups: dict[tuple[int, bool], list[ParameterHistory]] = {}
    are_told = bool(unowned(history)) or any(True for _ in replaced(history))
    for one in history.parameters.values():
        run, frozen = lacking(one), one.frozen.since is not None
        if one.optimizer is None or run.since is None or run.length < LASTING or _is_spoilt(history, one):
            continue
        optimizer = history.optimizers[one.optimizer]
        if (frozen and not one.trained) or (are_told and one.name in optimizer.orphans):
            continue
        is_known = is_told(history, one.optimizer) or history.needs_no_gradient(one.optimizer)
        if frozen or not is_known:
            groups.setdefault((run.since, frozen), []).append(one)
    return groups


def _by_pass(
    history: History, update: int, began: int | None, names: tuple[str, ...], kinds: Collection[str], row: str
) -> Iterator[Fault]:
    """What the backward pass of that update says of them, of each cause of its own, where there is one."""
    groups: dict[Finding | None, list[str]] = {}
    for name in names:
        groups.setdefault(_cause(history, update, name, kinds), []).append(name)
    for cause, group in groups.items():
        about = tuple(group)
        if cause is None:
            yield Fault(UNSEEN[row], began, {}, "perhaps", about)
            continue
        grown = jump(history, update) if kinds is DYING and began else None
        if grown is not None:
            if not any(
                one.first <= grown.first and grown.last <= one.last for one in growth(history)
            ):  # that tells of it
                yield jumped(history, grown, "", about, cause)
            continue
        far = thrown(history, update, about, cause) if kinds is DYING and began else None
        if far is not None:
            yield far
            continue
        if kinds is DYING and began and any((leap.update or 0) < began for leap in leaps(history)):
            continue  # that tells of it
        empty = cause.kind == "masked" and not began  # data that is 0 in all updates may be a beginning that is meant
        certainty: Certainty = "perhaps" if empty else cause.certainty
        yield Fault(row, began, {}, certainty, about, cause.source, begun_by=cause)


def _cause(history: History, update: int, name: str, kinds: Collection[str]) -> Finding | None:
    """Of the first pass from that update on, in which it was looked at and seen."""
    for looked_at in sorted(one for one in history.passes if one >= update):
        of_none = (one for one in history.passes[looked_at] if one.parameter is None and looked_at == update)
        found = (*history.explained.get(looked_at, {}).get(name, ()), *of_none)
        if (cause := next((one for one in found if one.kind in kinds), None)) is not None:
            return cause
    return None


def _is_spoilt(history: History, one: ParameterHistory) -> bool:
    """After the loss has become nan nothing that follows is a finding."""
    return history.is_after_bad(one.none.since if one.none.since is not None else one.zero.since)
