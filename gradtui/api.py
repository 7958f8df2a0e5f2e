"""What a program of the user's own calls: `gradtui.capture`, `gradtui.trace`, `gradtui.load`, and what a Snapshot is asked.

Inside of gradtui a Snapshot is data alone; here it can be asked what is wrong with it, and be saved. torch is imported only
where a graph is to be captured, so that `gradtui.load` works without it.
"""

from __future__ import annotations

import atexit
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from os import PathLike
from os.path import abspath, join
from shutil import rmtree
from tempfile import mkdtemp
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gradtui.file import header, run_reading, run_writing, snapshot_format
from gradtui.runs import run
from gradtui.snapshot import model as data
from gradtui.snapshot.finding import Finding

if TYPE_CHECKING:
    import torch


MOST_NOTES = 3
"""Findings that an exception is given as notes."""


class Snapshot(data.Snapshot, frozen=True):
    """A recorded graph with its values and gradients, and the questions that can be put to it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with values and gradients, first of all where it begins."""
        from gradtui.findings.findings import findings

        return findings(self)

    def why(self, parameter: str) -> tuple[Finding, ...]:
        """Why the gradient of a parameter is None, zero, nan or huge, the root cause first; `ordinary` where nothing is wrong.

        KeyError for a name that is not in `parameters` or `variables`.
        """
        from gradtui.findings.findings import why

        return why(self, parameter)

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a .gradtui file, which `gradtui.load` reads. Raises FileError for what no file can hold, and OSError."""
        snapshot_format.save(self, path)

    def __repr__(self) -> str:
        from gradtui.report.text import in_one_line

        return in_one_line(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """For IPython and notebooks: text, and HTML with the graph, values and findings; a page of it."""
        from gradtui.report.page.notebook import bundle

        return bundle(self)


class Run(run.Run, frozen=True):
    """What a training left: its updates, and the findings with the update at which each began."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a .gradtui file, which `gradtui.load` reads. Raises FileError for what no file can hold, and OSError."""
        run_writing.save(self, path)

    def __repr__(self) -> str:
        from gradtui.report.run.text import in_one_line

        return in_one_line(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """For IPython and notebooks: text, and HTML with findings and a table of updates; a page of it."""
        from gradtui.report.page.notebook import run_bundle

        return run_bundle(self)


def load(path: str | PathLike[str]) -> Snapshot | Run:
    """The Snapshot that was saved at `path`, or the Run that was, as far as it has been written; torch is not needed.

    Raises FileError for another file, and OSError.
    """
    if header.is_run(path):
        found = run_reading.load(path)
        return Run(**{name: getattr(found, name) for name in found.__struct_fields__})
    return _with_questions(snapshot_format.load(path))


def capture(
    output: object,
    *,
    names: Mapping[str, torch.Tensor] | None = None,
    model: torch.nn.Module | None = None,
) -> Snapshot:
    """Everything about the graph of `output`: nodes, edges, shapes, and the gradients of one run of backward.

    output: a tensor, or tensors in a tuple, list or dict, such as a model returns. What is differentiated is the sum of
    all their elements (of their real parts where they are complex).
    names: of leaves, and of other tensors whose gradient is wanted. model: names the parameters (`encoder.fc.weight`),
    and says which module ran each node. After `gradtui.trace` that is known exactly, with values and source lines;
    otherwise it is inferred from where the parameters are used. Leaves without a name get that of the caller's local
    variable. Where neither is given, a loss, one number, is also told of the parameters that its graph lacks: the rest of what
    an optimizer among the caller's local variables has that has some of those in the graph; without one, of a model there.

    Nothing is different afterwards: `.grad` of every leaf, hooks, random numbers, grad mode and anomaly mode are as
    before, and `backward()` can still be called. Hooks on tensors run, as backward is run once; AccumulateGrad does not.
    Large tensors are summarised; none is kept. What cannot be read (its storage is freed, it is on `meta`) says why.
    Of several processes that train together it tells what this one has; where parameters are sharded (`fully_shard`), backward
    gathers them, so that all of the processes must capture, or none.

    Where there is no graph, or backward fails, `problem` of the Snapshot says why. Raises TypeError for what is no tensor.
    """
    from gradtui.engine.capture.capture import capture
    from gradtui.engine.capture.leaf_names import local_variables

    return _with_questions(capture(output, names, model, None, local_variables(sys._getframe(1))))


def trace(model: torch.nn.Module | None = None) -> Trace:
    """Records what runs inside of the `with`, on this thread: for each operation its value (a summary), and the line and
    columns that asked for it; for each node the module of `model` that ran it; and what ends a gradient, such as
    `detach()`. `trace.capture(output)`, or plain `gradtui.capture(output)`, then has all that.

    Afterwards, also after an exception, no hook and no mode is left. No tensor is kept.
    Raises TypeError for what is no module.
    """
    return Trace(model)


class Trace:
    """What `gradtui.trace` gives; for one `with`."""

    def __init__(self, model: torch.nn.Module | None) -> None:
        from gradtui.engine.capture import trace

        self._trace = trace.Trace(model)
        self.findings: tuple[Finding, ...] = ()
        """What is wrong with a step that raised inside; they are notes of the exception too."""

    def __enter__(self) -> Self:
        self._trace.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._trace.__exit__(kind, error, traceback)
        with suppress(Exception):  # what is raised is the person's own exception, whatever there is to say of it
            if error is not None and self._trace.failed is not None:
                self.findings = _with_questions(self._trace.failed).findings
                for one in self.findings[:MOST_NOTES]:
                    error.add_note(f"gradtui: {one.text}\n  {one.remedy}")
        if self._trace.recording.fault:
            with suppress(Exception):
                print(
                    f"gradtui: the program goes on, but is not recorded: {self._trace.recording.fault}", file=sys.stderr
                )

    def capture(self, output: object, *, names: Mapping[str, torch.Tensor] | None = None) -> Snapshot:
        """`gradtui.capture` of what ran inside, also of what ended up without a graph."""
        from gradtui.engine.capture.leaf_names import local_variables

        return _with_questions(self._trace.capture(output, names, local_variables(sys._getframe(1))))


def watch(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    path: str | PathLike[str] | None = None,
    every: int = 0,
    *,
    on_finding: Callable[[Finding], object] | None = None,
) -> Watch:
    """Records a training loop of this thread: `with gradtui.watch(model, optimizer, "run.gradtui"):`, or `close()` at its end.

    optimizer: the one whose steps are updates; None for all, and for those that your own code makes. path: of the file
    that grows with every update; without one the Run is kept until the Watch is gone. every: a whole Snapshot of each so many
    updates; where something goes wrong there is one unasked. on_finding: called with each finding as soon as it is known for
    good, with the others at the end; what it raises, the `step` that ends raises (of an
    update by hand the next `backward`), or `close`, and then it is called no more.

    For a Snapshot the forward pass and backward are run once more. Hooks of tensors that changed a gradient, and all those of
    weights, then run again; those that only look do not.

    What goes wrong in the watch ends it, never the training. Afterwards, also after an exception, nothing is left of it.
    Raises TypeError for what is no module or no optimizer, and OSError.
    """
    return Watch(model, optimizer, path, every, on_finding)


class Watch:
    """What `gradtui.watch` gives."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer | None,
        path: str | PathLike[str] | None,
        every: int,
        on_finding: Callable[[Finding], object] | None,
    ) -> None:
        import torch

        from gradtui.engine import distributed
        from gradtui.engine.watching import watch
        from gradtui.report.page import live

        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"model is no torch.nn.Module but a {type(model).__name__}")
        if optimizer is not None and not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(f"optimizer is no torch.optim.Optimizer but a {type(optimizer).__name__}")
        if path is None:
            folder = mkdtemp(prefix="gradtui-")
            weakref.finalize(self, rmtree, folder, ignore_errors=True)
            path = join(folder, "run.gradtui")
        self._path = abspath(path)  # the program may go to another folder
        rank, ranks = distributed.place()
        what = type(model).__name__
        self._writer = live.ShownWriter(self._path, what=what, started=time(), rank=rank, ranks=ranks)
        self._watch = watch.Watch(self._writer, every, on_finding, model, optimizer)
        atexit.register(self.close)
        if live.in_notebook():
            self._writer.table = live.Table(lambda: self.run._repr_mimebundle_())

    @property
    def run(self) -> Run:
        """The Run as far as it has come."""
        found = load(self._path)
        assert isinstance(found, Run)
        return found

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, the cause of most first; as long as the training goes on, what is so whatever comes."""
        return self._watch.findings

    def close(self) -> None:
        """The training is over. Once more does nothing."""
        if self._watch.history.ended:
            return
        try:
            self._watch.close()
        finally:  # whatever on_finding raises
            self._end()

    def _end(self) -> None:
        try:
            self._writer.end()
        except OSError as error:  # the program goes on: it has a model to save
            with suppress(Exception):
                print(f"gradtui: the end of the run is not kept: {error.strerror}", file=sys.stderr)
        self._writer.close()
        if self._writer.table is not None:
            self._writer.table.changed(at_once=True)
        atexit.unregister(self.close)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """For IPython and notebooks: its Run as it is now. In a notebook a table of it is shown, and made anew meanwhile."""
        return self.run._repr_mimebundle_()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._watch.failed(error)
        self.close()


def _with_questions(snapshot: data.Snapshot) -> Snapshot:
    return Snapshot(**{name: getattr(snapshot, name) for name in snapshot.__struct_fields__})
