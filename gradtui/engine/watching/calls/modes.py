"""Modules while they run: which is the outermost, which act as in evaluation, and what embeddings look up."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from types import FrameType
from typing import Any

import torch
from torch import nn

from gradtui.engine.capture.introspection import is_a, named_parameters, submodules
from gradtui.engine.watching.calls import inputs_of_models
from gradtui.engine.watching.parameter_names import Names
from gradtui.findings.over_time.history import History, ModeHistory

MOST_LOOKED_AT = 64
"""Calls of an embedding of which the numbers that it looks up are read."""


HANDING_ON = {"torch.overrides", "torch.nn.functional"}


class Modes:
    def __init__(self, history: History, names: Names) -> None:
        self.depth = 0
        self._history, self._names = history, names
        self._kinds: dict[type, str] = {}
        self._outermost: nn.Module | None = None
        self._paths: dict[int, str] = {}
        self._met: set[int] = set()
        self._looked: dict[int, int] = {}
        self._plain: dict[int, weakref.ref[nn.Module]] = {}

    def passes_by(self, module: nn.Module) -> bool:
        """Whether it is one inside of another, of which nothing is to be looked at any more; it has begun then."""
        known = self._plain.get(id(module)) if self.depth else None
        if known is None or known() is not module:
            return False
        self.depth += 1
        return True

    def begins(self, module: Any, args: tuple[Any, ...]) -> None:
        self.depth += 1
        if self.depth == 1:
            self._names.see(module)
            self._outermost = module
            if self._history.is_early and torch.is_grad_enabled():
                inputs_of_models.look(self._history, type(module).__name__, args)
        elif module._parameters and id(module) not in self._met:
            self._met.add(id(module))
            self._names.meet(module)
        kind = self._kinds.get(type(module))
        if kind is None:
            kind = self._kinds[type(module)] = _kind(type(module))
        if kind == "other" and self.depth > 1:
            self._plain[id(module)] = weakref.ref(module)
        elif kind == "mode" and torch.is_grad_enabled():
            self._look(module)
        elif kind == "embedding" and module.padding_idx is not None and args and not _is_flat_bag(module, args[0]):
            self._look_up(module.weight, module.padding_idx, args[0], self._path(module))

    def compiled(self, module: nn.Module) -> None:
        """Code of which no hook is called: all that it holds is taken to run."""
        if not self.depth:
            self._outermost = module
        for path, part in submodules(module).items() if torch.is_grad_enabled() else ():
            if _kind(type(part)) == "mode":
                self._paths.setdefault(id(part), path)
                self._look(part)

    def functional(self, name: str, kwargs: Mapping[str, Any], frame: FrameType) -> None:
        """`F.dropout`, that no module of torch calls: as it is told whether its module trains."""
        if self._outermost is None or _is_of_torch(frame):
            return
        if torch.is_grad_enabled() and is_a(kwargs.get("training"), bool):
            self._add(type(self._outermost).__name__, name, kwargs["training"], not kwargs["training"])

    def functional_embedding(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> None:
        """`F.embedding(ids, weight, padding_idx)`, that no module of torch calls."""
        weight = args[1] if len(args) > 1 else kwargs.get("weight")
        row = args[2] if len(args) > 2 else kwargs.get("padding_idx")
        given = args[0] if args else kwargs.get("input")
        if is_a(row, int) and is_a(weight, torch.Tensor) and weight.is_leaf and not _is_of_torch(frame):
            self._look_up(weight, row % len(weight), given, "F.embedding")

    def ends(self) -> None:
        self.depth = max(0, self.depth - 1)

    def _path(self, module: nn.Module) -> str:
        path = self._paths.get(id(module))
        if path is None:
            known = submodules(self._outermost) if self._outermost is not None else {}
            path = next((path for path, part in known.items() if part is module), "") or type(module).__name__
            self._paths[id(module)] = path
        return path

    def _look(self, module: nn.Module) -> None:
        whole = self._outermost is not None and not self._outermost.training
        self._add(self._path(module), type(module).__name__, module.training, whole)

    def _add(self, path: str, kind: str, training: bool, whole: bool) -> None:
        mode = self._history.modes.get(path)
        if mode is None:
            mode = self._history.modes[path] = ModeHistory(path, kind, False)
            parameters = () if self._outermost is None else named_parameters(self._outermost).values()
            mode.learns = any(one.requires_grad for one in parameters)
        mode.runs(self._history.updates, training=training)
        mode.whole = whole

    def _look_up(self, weight: torch.Tensor, row: int, given: Any, path: str) -> None:
        """Whether what counts as padding stands among, before or after what does not, in a row of a batch; or loose: in a row
        alone, which may be a sequence, or one word of each of several."""
        looked = self._looked.get(id(weight), 0)
        if looked >= MOST_LOOKED_AT or not weight.requires_grad:
            return
        if not isinstance(given, torch.Tensor) or not given.numel():
            return
        self._looked[id(weight)] = looked + 1
        with torch.no_grad():
            rows = given.detach().reshape(-1, given.shape[-1]) if given.ndim else given.reshape(1, 1)
            is_padding = rows == row
            filled = ~is_padding
            after = filled.cumsum(1).gt(0) & is_padding  # a real one stands before it
            before = filled.flip(1).cumsum(1).flip(1).gt(0) & is_padding
            is_row = rows.shape[1] == 1 or given.ndim < 2
            among, alone = int((after & before).any()), int(is_padding.any()) if rows.shape[1] == 1 else 0
            found = {
                "among": 0 if is_row else among,
                "loose": (among if is_row else 0) | alone,
                "after": int((after & ~before).any()),
                "before": int((before & ~after).any()),
            }
        if any(found.values()):
            leaves = (id(weight),)
            noted = self._history.note(
                "padding", None, id(weight), **found, module=path, index=row, leaves=leaves, names=()
            )
            noted.facts = {**noted.facts, **{name: noted.facts.get(name, 0) | value for name, value in found.items()}}


def _is_of_torch(frame: FrameType) -> bool:
    """Whether a module of torch calls the function that runs."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_globals.get("__name__") in HANDING_ON:
        caller = caller.f_back
    return caller is None or str(caller.f_globals.get("__name__", "")).startswith("torch.")


def _is_flat_bag(module: nn.Module, given: Any) -> bool:
    """Its bags are told by offsets, and stand one after another."""
    return issubclass(type(module), nn.EmbeddingBag) and (not isinstance(given, torch.Tensor) or given.ndim < 2)


def _kind(of: type) -> str:
    if issubclass(of, nn.modules.batchnorm._BatchNorm | nn.modules.dropout._DropoutNd):
        return "mode"
    return "embedding" if issubclass(of, nn.Embedding | nn.EmbeddingBag) else "other"
