"""Where and when a finding over time begins, in a few words; and where there is none."""

from __future__ import annotations

import os

from gradtui.runs.run import Run
from gradtui.snapshot.finding import NONE_FOUND, Finding


def since(finding: Finding, between: str = ", ") -> str:
    """From which update on and through which line, as far as it is known: `since update 37, train.py:21`."""
    told = ["from the start" if finding.update is None else f"since update {finding.update:,}"]
    source = finding.source
    if source is not None and source.file is not None and source.line is not None:
        told.append(f"{os.path.basename(source.file)}:{source.line}")
    return between.join(told)


def none_found(run: Run) -> str:
    """Of a run without findings; most of them are looked for when it has ended. What ended it badly is beyond its updates."""
    if run.watch_ended:
        told = f"{NONE_FOUND} in these updates, but" if run.updates else "no update was seen, and"
        return f"{told} an error within gradtui ended the watch: {run.watch_ended}"
    if not run.ended:
        return f"{NONE_FOUND} yet; most is looked for at the end"
    if not run.exit:
        return NONE_FOUND
    told = f"{NONE_FOUND} in its updates, but" if run.updates else "no update was made, and"
    return f"{told} it ended with {run.exit}: see what it printed last"
