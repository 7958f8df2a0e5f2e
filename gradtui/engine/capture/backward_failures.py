"""What torch says when backward fails, as one clear sentence and a way out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from msgspec.structs import replace
from torch.autograd.graph import Node

from gradtui.engine.autograd.graph import short
from gradtui.engine.autograd.saved import FreedStorageError
from gradtui.engine.capture.places import Places, is_users
from gradtui.engine.capture.recording import Recording
from gradtui.engine.capture.torch_refusals import raised
from gradtui.snapshot import faults
from gradtui.snapshot.exception_text import said, unbroken
from gradtui.snapshot.model import Problem, Source

IN_PLACE = re.compile(
    r"modified by an inplace operation: \[(?P<kind>[^\]]*\])\](, which is output \d+ of (?P<maker>\w+),)? is at version"
)
DONATED = "non-empty donated buffers"
FREED = "backward through the graph a second time"


def problem(
    error: Exception, recording: Recording | None, nodes: Sequence[Node], names: Mapping[torch.Tensor, str]
) -> Problem:
    """recording: of the forward pass; it may know the line that is to blame. nodes: of the graph. names: of leaves."""
    return replace(_problem(error, recording), raised=raised(error, nodes, recording, names))


def _problem(error: Exception, recording: Recording | None) -> Problem:
    if faults.is_own(error):
        return Problem("crash", f"the gradients cannot be shown, by an error within gradtui: {faults.told(error)}")
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return Problem("memory", "there is not enough memory to run backward")
    told = said(error).strip().partition("\n")[0]
    if changed := IN_PLACE.search(told):
        return _changed_in_place(changed["kind"], _operation(changed["maker"] or ""), recording)
    if FREED in told:
        return Problem(
            "domain",
            "backward has already run over this graph, and freed what it had saved",
            hint="capture before backward(), or call backward(retain_graph=True)",
            failure="freed",
        )
    if DONATED in told:
        return Problem(
            "domain",
            "what torch.compile made runs backward once only: it overwrites what it had saved (donated buffers)",
            hint="capture before the first backward(), or set torch._functorch.config.donated_buffer = False before that",
        )
    name = "" if type(error) is RuntimeError else f"{unbroken(type(error).__name__)}: "
    source, way = _of_user_code(error)
    return Problem("domain", f"backward fails: {name}{told}", source=source, traceback=way)


def _of_user_code(error: Exception) -> tuple[Source | None, tuple[str, ...]]:
    """Where a backward or a hook of the person's raised it, and the lines that tell of it; nothing where torch did."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not is_users(trace.tb_frame):
        return None, ()
    code = trace.tb_frame.f_code
    source = Places().of_instruction(code, trace.tb_lasti)
    return source, (f'  File "{source.file}", line {source.line}, in {code.co_name}', f"    {source.text}")


def freed(error: FreedStorageError, name: str | None) -> Problem:
    """name: of the tensor, where it is known."""
    what = f"{name} for it, and its storage is freed" if name else "a tensor for it whose storage is freed"
    return Problem(
        "domain",
        f"backward cannot go on: {short(error.node.name())} saved {what}",
        hint="capture before the storage is freed, or where what freed it has filled it again",
    )


def _changed_in_place(kind: str, maker: str, recording: Recording | None) -> Problem:
    what = f"the output of {maker}" if maker else "a leaf, such as a parameter,"
    kind = kind.removeprefix("torch.")
    happened = recording.happenings.values() if recording else ()
    changes = [each.source for each in happened if each.kind == "inplace" and _operation(each.maker) == maker]
    return Problem(
        "domain",
        f"backward fails: {what} ({kind}) was changed in place after it was saved for backward",
        hint="write x = x + 1 for x += 1, or change a clone()",
        source=changes[0] if len(changes) == 1 else None,
        failure="inplace",
        operation=maker,
    )


def _operation(name: str) -> str:
    """`Exp` for `ExpBackward0`, as torch's message has it."""
    return name.partition("Backward")[0]
