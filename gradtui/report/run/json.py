"""Run -> the JSON contract `gradtui-run/1`, for programs; numbers as in `gradtui/1`."""

from __future__ import annotations

from collections.abc import Iterator

from gradtui.report.json import Json, finding, line, number
from gradtui.runs.run import ParameterNorms, Run, Update

SCHEMA = "gradtui-run/1"


def pieces(run: Run, beside: Json | None = None) -> Iterator[bytes]:
    """One line of UTF-8, an update at a time: all of them at once would take much more memory than the Run.

    beside: further keys.
    """
    head, tail = line(_head(run))[:-2], line(_tail(run) | (beside or {}))[1:]
    yield head + b', "updates": ['
    for place, update in enumerate(run.updates):
        yield (b", " if place else b"") + line(_update(update))[:-1]
    yield b"], " + tail


def _head(run: Run) -> Json:
    return {
        "schema": SCHEMA,
        "what": run.what,
        "arguments": list(run.arguments),
        "rank": run.rank,
        "ranks": run.ranks,
        "started": number(run.started),
        "optimizers": list(run.optimizers),
    }


def _tail(run: Run) -> Json:
    """thinned: of how many updates only the parameters are here that stood out. snapshots: of which updates there are."""
    return {
        "findings": [finding(one) | {"update": one.update} for one in run.findings],
        "thinned": run.thinned,
        "snapshots": list(run.snapshots),
        "printed": run.printed,
        "exit": run.exit,
        "ended": run.ended,
        "watch_ended": run.watch_ended or None,
    }


def _update(update: Update) -> Json:
    return {
        "update": update.update,
        "optimizer": update.optimizer,
        "loss": number(update.loss),
        "lr": [number(one) for one in update.lr],
        "grad_norm": number(update.grad_norm),
        "seconds": number(update.seconds),
        "thinned": update.thinned,
        "parameters": {name: _norms(one) for name, one in update.parameters.items()},
    }


def _norms(one: ParameterNorms) -> Json:
    told = {"grad": number(one.grad), "weight": number(one.weight), "change": number(one.change)}
    return told | {"nan": one.nan, "inf": one.inf}
