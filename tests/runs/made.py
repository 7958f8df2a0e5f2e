"""Runs made by hand: small, and with everything in them that a Run can hold."""

from __future__ import annotations

import math
from pathlib import Path

from gradtui.file.run_writing import RunWriter
from gradtui.runs.packed_updates import Updates
from gradtui.runs.run import ParameterNorms, Run, Update
from gradtui.snapshot.finding import Finding
from gradtui.snapshot.source import Source
from tests import examples

NAMES = ("encoder.0.weight", "encoder.0.bias", "encoder.2.weight", "encoder.2.bias", "head.weight", "head.bias")
BAD = 37
"""Update from which on the encoder's gradients are nan."""
PRINTED = "epoch 0\n\x1b[31mloss 0.5\x1b[0m\n"
FOUND = Finding(
    "domain",
    "forward",
    3,
    "the loss is nan from here on: encoder.0.weight: log of a negative number",
    "keep what goes into log above 0",
    "encoder.0.weight",
    Source("torch.log(x)", 4, 16, "/home/someone/train.py", 21),
    ("x has -0.25 at (3,)",),
    "proved",
    BAD,
)


def update(number: int, bad: int = BAD) -> Update:
    """encoder.2.bias never has a gradient, head.bias one of 0; head.weight one that is infinite from `bad` + 5 on."""
    is_bad = number >= bad
    return Update(
        number,
        0,
        math.nan if is_bad else 2 / (number + 1),
        (0.1, 0.01),
        math.nan if is_bad else 1.5,
        {name: _norms(place, number, bad) for place, name in enumerate(NAMES)},
        0.25 * (number + 1),
    )


def _norms(place: int, number: int, bad: int) -> ParameterNorms:
    if place == 3:
        return ParameterNorms(None, 1.0, 0.0)
    if place == 5:
        return ParameterNorms(0.0, 1.0, 0.0)
    if place < 3 and number >= bad:
        return ParameterNorms(math.nan, math.nan, math.nan, nan=4)
    if place == 4 and number >= bad + 5:
        return ParameterNorms(math.inf, 2.0, math.inf, inf=1)
    return ParameterNorms(10.0**-place / (number + 1), 2.0 + place, 1e-3 / (number + 1))


def run(count: int = 60, bad: int = BAD, watch_ended: str = "") -> Run:
    return Run(
        "train.py",
        ("--epochs", "3"),
        ("AdamW",),
        Updates.of(update(number, bad) for number in range(count)),
        (FOUND,) if count > bad else (),
        {20: examples.quadratic(), BAD: examples.nan_gradient()} if count > bad else {},
        PRINTED,
        1,
        True,
        0,
        2,
        1.7e9,
        shards=("encoder.0.weight",),
        watch_ended=watch_ended,
    )


def write(writer: RunWriter, run: Run) -> None:
    """As a training does: findings and Snapshots at the update that they are of."""
    for name in run.optimizers:
        writer.optimizer(name)
    writer.shards(run.shards)
    writer.printed(run.printed)
    for one in run.updates:
        writer.update(one)
        if one.update in run.snapshots:
            writer.snapshot(one.update, run.snapshots[one.update])
        for finding in run.findings:
            if finding.update == one.update:
                writer.finding(finding)
    if run.watch_ended:
        writer.watch_ended(run.watch_ended)
    writer.end(run.exit)


def begun(path: Path, run: Run) -> RunWriter:
    one = run
    return RunWriter(path, what=one.what, arguments=one.arguments, rank=one.rank, ranks=one.ranks, started=one.started)
