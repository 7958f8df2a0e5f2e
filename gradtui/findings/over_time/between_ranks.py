"""What is wrong between processes that train together: their weights, their gradients, their pace."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.findings.unfinished import Look
from gradtui.findings.words.whereabouts import gathered
from gradtui.runs.side_by_side import Difference, Ranks, What, meet_again
from gradtui.snapshot.finding import NOT_FINITE, Certainty, Finding
from gradtui.snapshot.numbers import number

SLOW = 1.5
"""Times as long an update as the others."""
ENOUGH = 20
"""Updates of which the pace is told."""
BEHIND = 5.0
"""Updates' time, and at least so many seconds, without an update after which a rank has stopped."""
MOST_EVIDENCE = 4
APART = "; no fault where each rank has a model of its own, or a part of one, as the stage of a pipeline"


def findings(ranks: Ranks) -> tuple[Finding, ...]:
    """The cause of most first. That ranks have other losses is none: each has other data."""
    look = Look()
    return (*look.of_each((_none, _apart, _idle, _stopped, _slow), ranks), *look.failed)


def of_each(ranks: Ranks) -> Iterator[Finding]:
    """What was found in each rank by itself, but for gradients that became bad in the same update as those of another, of which
    it is known why: they are averaged."""
    every = [one for run in ranks.runs for one in run.findings]
    known = {one.update for one in every if one.kind in NOT_FINITE and one.certainty == "proved"}
    yield from (one for one in every if one.kind != "nonfinite" or one.update not in known)


def _none(ranks: Ranks) -> Iterator[Finding]:
    """A parameter with a gradient in some ranks alone."""
    found = [one for one in ranks.differences if one.of == "none"]
    groups: dict[tuple[int, tuple[bool, ...]], list[Difference]] = {}
    for one in found:
        groups.setdefault((one.update, tuple(value is None for value in one.values)), []).append(one)
    for (update, missing), group in groups.items():
        without = _listed(ranks, [place for place, is_none in enumerate(missing) if is_none])
        others = _listed(ranks, [place for place, is_none in enumerate(missing) if not is_none])
        yield _told(
            f"{_names(ranks, group)}: no gradient in {without}, one in {others}: backward did not reach it there",
            "use it in every rank at every update (add 0 * parameter.sum() where there is nothing to learn), or wrap the model "
            "with DistributedDataParallel(find_unused_parameters=True)",
            update,
            group,
            "proved",
        )


def _apart(ranks: Ranks) -> Iterator[Finding]:
    """What of weights and gradients differs first: the rest comes of it."""
    first = {what: _first(ranks, what) for what in ("weight", "gradient")}
    weight, gradient = first["weight"], first["gradient"]
    if any(one.kind == "unused" and one.certainty == "proved" for run in ranks.runs for one in run.findings):
        return  # DistributedDataParallel averages nothing as long as it waits for a gradient, and then raises
    begun = [one.update for one in (*weight, *gradient)]
    if begun and meet_again(ranks.runs, min(begun)):
        return
    if weight and (not gradient or weight[0].update <= gradient[0].update):
        from_start = weight[0].update == _begin(ranks)
        trained_apart = from_start and bool(gradient) and gradient[0].update == weight[0].update
        yield _told(
            f"the weights differ between ranks {'from the start' if from_start else 'while the gradients are the same'}: "
            f"{_names(ranks, weight)}",
            "begin from the same weights: DistributedDataParallel sends those of rank 0 to all; or torch.manual_seed before the "
            f"model is made{APART if trained_apart else ''}"
            if from_start
            else "step alike in every rank: the same optimizer and learning rate, and nothing else that writes to the weights",
            weight[0].update,
            weight,
            "perhaps" if trained_apart else "likely",
        )
    elif gradient:
        yield _told(
            f"the gradients differ between ranks when step uses them: {_names(ranks, gradient)}. They were not averaged, and the "
            "ranks train apart from here on",
            "call the model that DistributedDataParallel returns (not .module), outside of no_sync() at the last batch before "
            "step; without it average with torch.distributed.all_reduce",
            gradient[0].update,
            gradient,
            "proved",
        )


def _stopped(ranks: Ranks) -> Iterator[Finding]:
    """One that has not ended and made no update, while others did."""
    latest = max((pace.last for pace in ranks.paces if pace.last is not None), default=None)
    most = max((pace.updates for pace in ranks.paces), default=0)
    for pace in ranks.paces:
        if pace.updates >= most or latest is None or (pace.ended and pace.exit in (None, 0)):
            continue
        behind = None if pace.last is None else latest - pace.last
        if not pace.ended and behind is not None and behind < max(BEHIND, BEHIND * (pace.each or 0.0)):
            continue
        how = "ended with status " + str(pace.exit) if pace.ended else "has written nothing since"
        after = f"after update {pace.updates - 1:,}" if pace.updates else "before its first update"
        yield Finding(
            "ranks",
            "backward",
            None,
            f"rank {pace.rank} stopped {after} and {how}, while others came to {most:,} updates",
            "look at what that rank printed last; a rank that waits in a collective which the others have left hangs for ever",
            evidence=()
            if behind is None
            else (f"its last update is {number(behind, 3)} s older than the last of all",),
            certainty="likely",
            update=pace.updates,
        )


def _idle(ranks: Ranks) -> Iterator[Finding]:
    """One that ended well, and never made an update."""
    most = max((pace.updates for pace in ranks.paces), default=0)
    for pace in ranks.paces:
        if most and not pace.updates and pace.ended and pace.exit in (None, 0):
            yield Finding(
                "ranks",
                "backward",
                None,
                f"rank {pace.rank} never made an update, while others came to {most:,}",
                "call step() in every rank; no fault where this one only serves the others",
                certainty="perhaps",
            )


def _slow(ranks: Ranks) -> Iterator[Finding]:
    """One that takes much longer an update than every other. Ranks that wait for each other take the same time."""
    paces = [pace for pace in ranks.paces if pace.each and pace.updates >= ENOUGH]
    for pace in paces:
        others = [one.each for one in paces if one is not pace and one.each]
        if others and pace.each and pace.each > SLOW * max(others):
            yield Finding(
                "ranks",
                "forward",
                None,
                f"rank {pace.rank} takes {number(pace.each, 3)} s an update, the others {number(max(others), 3)} s at most",
                "look at what it alone does: loading data, writing logs, another device",
                certainty="perhaps",
            )


def _first(ranks: Ranks, what: What) -> list[Difference]:
    """Without what comes of a gradient that one rank had alone."""
    missing = {one.parameter: one.update for one in ranks.differences if one.of == "none"}
    found = [one for one in ranks.differences if one.of == what]
    found = [one for one in found if one.update <= missing.get(one.parameter, one.update)]
    return [one for one in found if one.update == found[0].update]


def _begin(ranks: Ranks) -> int:
    return next((run.updates[0].update for run in ranks.runs if run.updates), 0)


def _told(text: str, remedy: str, update: int, group: list[Difference], certainty: Certainty) -> Finding:
    evidence = [
        f"{one.parameter}: {', '.join('None' if value is None else number(value, 5) for value in one.values)}, by rank"
        for one in group[:MOST_EVIDENCE]
    ]
    parameter = group[0].parameter if len(group) == 1 else None
    return Finding("ranks", "backward", None, text, remedy, parameter, None, tuple(evidence), certainty, update)


def _names(ranks: Ranks, group: list[Difference]) -> str:
    every = {name for run in ranks.runs for name in (run.updates[0].parameters if run.updates else ())}
    return gathered([one.parameter for one in group], every)


def _listed(ranks: Ranks, places: list[int]) -> str:
    numbers = [str(ranks.paces[place].rank) for place in places]
    return f"rank {numbers[0]}" if len(numbers) == 1 else f"ranks {', '.join(numbers)}"
