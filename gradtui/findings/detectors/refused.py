"""What did torch refuse to do, in which line, with which tensor? An exception of forward or backward, by its facts."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from gradtui.findings.cause import Cause, Fact, Part, Place
from gradtui.findings.detectors import bad_value
from gradtui.findings.not_finite import locate
from gradtui.findings.record import Record
from gradtui.findings.refusal_facts import facts_of, line
from gradtui.grad_fns import called_functions
from gradtui.graph.operands import operation
from gradtui.snapshot.events import Raised, Refusal
from gradtui.snapshot.model import Problem, Source, Witness

RULES = {"GreaterThan": "positive", "GreaterThanEq": "positive", "Interval": "interval", "Simplex": "simplex"}
"""What torch calls it that a parameter of a distribution has to be, and the row that says what people do."""

CUSTOM: set[Refusal] = {"shape", "count", "misplaced", "no_tensor", "complex_gradient"}
"""Of what a custom backward returned."""


def detect(record: Record) -> Iterator[Cause]:
    problem = record.snapshot.problem
    if problem is None or problem.raised is None:
        if problem is not None and problem.failure == "inplace":
            yield _overwritten(record, problem)
        return
    told = problem.raised
    if told.how == "bad_values" and (witness := locate.before_it_raised(record)) is not None:
        yield _of_bad_values(record, witness, problem)
        return
    facts = facts_of(told)
    evidence: list[tuple[str, dict[str, Fact]]] = [("torch says", {"message": problem.message})]
    if told.how == "freed" and told.earlier is not None:
        evidence.append(("backward ran", {"place": line(told.earlier)}))
    if told.how in CUSTOM and told.kept is not None:
        evidence.append(("applied", {"place": line(told.kept)}))
    kind = "refused: freed by grad" if _is_of_a_gradient(record, told) else _kind(told)
    yield Cause(
        kind,
        Place(told.node, _source(told)),
        facts,
        "proved",
        (),
        tuple(evidence),
        alone=True,
    )


def _is_of_a_gradient(record: Record, told: Raised) -> bool:
    """Whether a gradient that the code took itself, without create_graph, has freed what it needs."""
    taken = [event.source for event in record.events if event.kind == "ungraphed"]
    return told.how == "freed" and told.earlier is not None and told.earlier in taken


def _of_bad_values(record: Record, witness: Witness, problem: Problem) -> Cause:
    """What went bad; no more than likely where it was not followed to what torch refused."""
    found = bad_value.witnessed(record, witness, "raised")
    if not witness.refused and found.certainty == "proved":
        found = replace(found, certainty="likely")
    followed = "led there" if witness.refused else "not followed there"
    evidence = (*found.evidence, ("torch says", {"message": problem.message}), (followed, {}))
    return replace(found, evidence=evidence, alone=True)


def _source(told: Raised) -> Source | None:
    if told.how == "inference" and told.made:
        return told.made
    return told.source or (told.earlier if told.how == "freed" else None)


def _overwritten(record: Record, problem: Problem) -> Cause:
    """Where only the operation is known that made what was written over: by the edits that a trace saw."""
    edits = [event for event in record.events if event.kind in ("inplace", "written")]
    named = [
        edit for edit in edits if edit.node is not None and operation(record.nodes[edit.node]) == problem.operation
    ]
    edits = named or [edit for edit in edits if edit.node is None] or edits
    says: tuple[str, dict[str, Fact]] = ("torch says", {"message": problem.message})
    if not edits:
        return Cause("refused: inplace unseen", Place(None, problem.source), {}, "likely", (), (says,), alone=True)
    edit = edits[0]
    what: Fact = record.nodes[edit.node] if edit.node is not None else ", ".join(edit.leaves)
    facts: dict[str, Fact] = {
        "event": edit,
        "what": Part("result of", {"made": what}) if edit.node is not None else what,
    }
    others = tuple(("also", {"event": other}) for other in edits[1:4])
    place = Place(edit.node, problem.source or edit.source)
    return Cause("refused: overwritten", place, facts, "likely", (), (says, *others), alone=True)


def _kind(told: Raised) -> str:
    if told.how == "inplace" and not told.saver:
        return "refused: inplace unseen"
    if told.how == "inplace" and not told.operation:
        return "refused: inplace by whom"
    if told.how == "inplace" and told.operation in ("embedding", "embedding_bag"):
        return "refused: inplace by max_norm"
    if told.how == "inplace" and told.made is not None:
        return "refused: inplace result" if told.made == told.kept else "refused: inplace of result"
    if told.how == "freed" and not (told.holder or told.kept) and told.earlier is not None:
        return "refused: freed earlier"
    if told.how == "freed" and not (told.holder or told.kept):
        return "refused: freed unseen"
    if told.how == "freed" and not told.holder:
        return "refused: freed by whom"
    if told.how == "not_implemented" and called_functions.has(told.operation, "step"):
        return "refused: step"
    if told.how == "not_implemented" and called_functions.has(told.operation, "done otherwise"):
        return f"refused: {told.operation}"
    if told.how == "constraint":
        return f"refused: {RULES.get(told.rule, told.how)}"
    if told.how == "inference" and told.made is None:
        return "refused: inference unseen"
    return f"refused: {told.how}"
