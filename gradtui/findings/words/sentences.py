"""A cause in words: what is said of it and what people do about it."""

from __future__ import annotations

from gradtui.findings.cause import Cause, Facts
from gradtui.findings.grad_scaler import scaled
from gradtui.findings.words.custom_functions import EVIDENCE_OF_FUNCTIONS, OF_FUNCTIONS
from gradtui.findings.words.cutting import CUTTING, EVIDENCE_OF_CUTS
from gradtui.findings.words.filled_sentence import filled
from gradtui.findings.words.higher_orders import EVIDENCE_OF_FURTHER, FURTHER
from gradtui.findings.words.mistakes import EVIDENCE_OF_LEAVES, NOT_A_LEAF, OF_LOSSES, STORAGE, STRAYS, UNREADABLE
from gradtui.findings.words.not_finite import BAD_GRADIENTS, BAD_VALUES, EVIDENCE_OF_BAD
from gradtui.findings.words.refusals import EVIDENCE_OF_REFUSALS, REFUSALS
from gradtui.findings.words.refused_sizes import OF_SIZES
from gradtui.findings.words.sentence import Sentence
from gradtui.findings.words.sizes import EVIDENCE_OF_SIZES, LOST_DIGITS, SIZES
from gradtui.findings.words.whereabouts import gathered
from gradtui.findings.words.zeros import EVIDENCE_OF_ZEROS, ZEROS
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.model import Snapshot

TABLES: dict[str, dict[str, Sentence]] = {
    "refused": REFUSALS | OF_SIZES,
    "values": BAD_VALUES,
    "gradients": BAD_GRADIENTS,
    "cut off": CUTTING,
    "not a leaf": NOT_A_LEAF,
    "strays": STRAYS,
    "losses": OF_LOSSES,
    "zeros": ZEROS,
    "further": FURTHER,
    "functions": OF_FUNCTIONS,
    "storage": STORAGE,
    "unread": UNREADABLE,
    "sizes": SIZES,
    "digits": LOST_DIGITS,
}
"""By topic; `rank` says which is told first."""
SENTENCES: dict[str, Sentence] = {kind: row for table in TABLES.values() for kind, row in table.items()}
TOPICS: dict[str, str] = {kind: name for name, table in TABLES.items() for kind in table}

SYMPTOMS: dict[str, str] = {
    "nan": "the output is nan; it begins with ",
    "infinite": "the output is infinite; it begins with ",
    "gradient": "the gradient is not finite; it begins with ",
    "raised": "nan or infinity comes in where it is refused; it begins with ",
    "zero": "0 on every path: ",
}
"""What stands in front where a place is but the begin of what is seen."""
USUAL: Facts = {"at": (), "which": "", "absent": "not in the graph"}
"""What most causes do not say otherwise."""
DOUBLE_WHERE = "the double where: give the branch a safe operand where it is not taken, f(where(condition, x, 1))"
EVIDENCE: dict[str, str] = {
    **EVIDENCE_OF_BAD,
    **EVIDENCE_OF_ZEROS,
    **EVIDENCE_OF_CUTS,
    **EVIDENCE_OF_LEAVES,
    **EVIDENCE_OF_REFUSALS,
    **EVIDENCE_OF_FUNCTIONS,
    **EVIDENCE_OF_FURTHER,
    **EVIDENCE_OF_SIZES,
    "likewise in modules": "the same is seen at this line in {modules}",
    "likewise at calls": "the same is seen at {count} calls of this line",
}


def told(cause: Cause, snapshot: Snapshot, *, named: bool = False) -> Finding:
    """The Finding: what it is about, the sentence with its facts, the remedy, the evidence.

    named: whether its parameter stands in front of the sentence also where a typed text speaks for itself.
    """
    row, facts = SENTENCES[cause.kind], {**USUAL, **cause.facts}
    symptom = SYMPTOMS.get(str(cause.facts.get("symptom")), "")
    text = symptom + filled(row.text + "{behind}", {"behind": "", **facts})
    about = cause.about if named or snapshot.origin != "expression" else ()
    if about:
        text = f"{gathered(about, snapshot.parameters or about)}: {text}"
    branch = cause.facts.get("branch") if row.phase == "forward" else None
    remedy = filled(row.remedy, facts)
    if branch is not None:
        remedy = f"{DOUBLE_WHERE}; or {remedy}"
    evidence = tuple(
        filled(EVIDENCE[name], {"zeros": "", "nan": "", "inf": "", **more}) for name, more in cause.evidence
    )
    node = cause.place.node
    source = cause.place.source or (snapshot.graph.nodes[node].source if node is not None else None)
    if source is not None and source.file is None:
        source = None  # a piece of the expression is shown by its node
    parameter = next(iter(about), None)
    found = Finding(row.kind, row.phase, node, text, remedy, parameter, source, evidence, cause.certainty)
    return scaled(snapshot, found) if snapshot.scale and row.phase == "backward" else found
