"""The private names of torch that gradtui uses. A release of torch that moves one is mended here; tests would show its going.

Not here are `torch._foreach_...`, and what tensors and modules have as attributes: `_version`, `_base`, `_backward_hooks`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from types import FrameType
from typing import Any, cast

import torch
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

sequence_number: Callable[[], int] = torch.autograd._get_sequence_nr  # type: ignore[attr-defined]
"""The number that the next grad_fn of this thread will get."""

DYNAMO, SET_CALLBACK, RUN, SKIP = "torch._dynamo.eval_frame", "_maybe_set_eval_frame", "fn", "skip_code"
"""The module, and its function, by which every compiled function and module begins and ends on a thread; what its caller
calls the function that is compiled; and its function by which code is never compiled."""
RESULT, SUCCEEDED = "result", "call_succeeded"
"""What the caller calls what came of it, and whether anything did; older ones keep neither."""


_C: Any = torch._C

SET_GRAD_ENABLED: Callable[..., Any] = _C._set_grad_enabled
"""What all switches of grad mode come to, as a function mode sees it."""

without_torch_functions: Callable[[], AbstractContextManager[None]] = _C.DisableTorchFunction
"""Within it no function mode and no subclass of Tensor is asked."""


class DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operation below autograd while it is entered, by its `__torch_dispatch__`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()  # type: ignore[no-untyped-call]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Where torch skips dynamo for a mode, it first imports it, which costs as much again as `import torch`."""
        return False


def dispatch_modes() -> int:
    """How many stand on this thread's stack."""
    return int(_C._len_torch_dispatch_stack())


put_on: Callable[[TorchDispatchMode], None] = _C._push_on_torch_dispatch_stack
"""A mode on this thread's stack, without the marks that `__enter__` makes, and `__exit__` takes back."""


def take_off(mode: TorchFunctionMode) -> tuple[TorchFunctionMode, ...] | None:
    """Take `mode` off the thread's stack of modes: those that stand below it, None where it is not there."""
    modes = _modes()
    place = next((place for place, one in enumerate(modes) if one is mode), None)
    if place is None:
        return None
    _put(modes[place + 1 :], place)
    return tuple(modes[:place])


def put_back(mode: TorchFunctionMode, below: tuple[TorchFunctionMode, ...]) -> None:
    """Above those of `below` that are there, as others may be off too, and below the rest."""
    modes = _modes()
    known = {*map(id, below)}
    place = max((place for place, one in enumerate(modes, start=1) if id(one) in known), default=0)
    _put([mode, *modes[place:]], place)


def _modes() -> list[TorchFunctionMode]:
    """Of this thread, the innermost last."""
    return [_C._get_function_stack_at(place) for place in range(_C._len_torch_function_stack())]


def _put(modes: Iterable[TorchFunctionMode], place: int) -> None:
    """In place of those that stand from there on."""
    while _C._len_torch_function_stack() > place:
        _C._pop_torch_function_stack()
    for one in modes:
        _C._push_on_torch_function_stack(one)


def torch_functions(state: Any) -> Any:
    """Have this thread's function modes and subclasses of tensors on for None, else as they were; how they were before."""
    before = _C._get_torch_function_state()
    _C._set_torch_function_state(_C._TorchFunctionState.ENABLED if state is None else state)
    return before


unversioned: Callable[[torch.Tensor], AbstractContextManager[None]] = cast(
    Any, torch.autograd
)._unsafe_preserve_version_counter
"""Within it a tensor is written over without being another version of itself."""


@contextmanager
def unasked() -> Iterator[None]:
    """Neither function modes nor subclasses of tensors are asked about calls of this thread."""
    before = torch_functions(_C._TorchFunctionState.ALL_DISABLED)
    try:
        yield
    finally:
        torch_functions(before)


@contextmanager
def asked() -> Iterator[None]:
    """They are again, within `unasked`."""
    before = torch_functions(None)
    try:
        yield
    finally:
        torch_functions(before)


def autocasts() -> tuple[tuple[str, torch.dtype], ...]:
    """The device types for which autocast is on, each with the dtype it casts to."""
    if not _C._is_any_autocast_enabled():
        return ()
    on = (device for device in ("cpu", "cuda", "mps") if torch.is_autocast_enabled(device))
    return tuple((device, torch.get_autocast_dtype(device)) for device in on)


class Layer:
    """A function of ours in place of one of torch's. In whatever order several end, the last of them leaves torch's own: one
    that lies under another stays until that ends, and until then only calls what it stands for."""

    def __init__(self, owner: Any, name: str) -> None:
        self._owner, self._name = owner, name
        self.original: Any = vars(owner).get(name)
        self.has_ended = False

    def put(self, function: Any) -> None:
        function.layer = self
        setattr(self._owner, self._name, function)

    def end(self) -> None:
        self.has_ended = True
        top = vars(self._owner)[self._name]
        while (layer := getattr(top, "layer", None)) is not None and layer.has_ended:
            top = layer.original
        if top is None:  # it is inherited
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, top)


def through_backward(around: Callable[..., Any]) -> Callable[[], None]:
    """Have `around(run, outputs, *args)` called wherever backward is begun, in place of `run(outputs, *args)`: the engine's
    function, by which all ways go. args: gradients of the outputs, whether the graph is kept, whether a graph is created, the
    inputs. Gives what ends it.
    """
    layer = Layer(torch.autograd, "_engine_run_backward")
    run, apart = layer.original, not_compiled(around)

    def begin(outputs: Any, *args: Any, **kwargs: Any) -> Any:
        if layer.has_ended:
            return run(outputs, *args, **kwargs)
        return (apart if DYNAMO in sys.modules else around)(run, outputs, *args, **kwargs)

    layer.put(begin)
    return layer.end


MODULES: Any = torch.nn.modules.module
OF_ALL_MODULES = (
    "_global_forward_pre_hooks",
    "_global_forward_hooks",
    "_global_backward_pre_hooks",
    "_global_backward_hooks",
)
IS_ANY_THERE = "_has_any_global_hook"
"""Where torch keeps hooks of all modules, under which names, and what a compiled module asks, each time it is called, to warn
of them; in torch 2.6 it does not yet."""


@contextmanager
def checkpoints_may_run() -> Iterator[None]:
    """Within it a reentrant checkpoint runs in whatever backward, not only in one that accumulates into every leaf."""
    autograd: Any = torch.autograd
    before = autograd._is_checkpoint_valid
    autograd._is_checkpoint_valid = lambda: True
    try:
        yield
    finally:
        autograd._is_checkpoint_valid = before


def running_node() -> Node | None:
    """The node whose backward this thread is in."""
    node: Node | None = _C._current_autograd_node()
    return node


is_without_memory: Callable[[torch.Tensor], bool] = torch.Tensor._is_zerotensor
"""Whether it is one of the zeros that autograd makes so: the second derivative of abs."""


def with_storage(tensor: torch.Tensor) -> torch.Tensor:
    """Zeros that can be read, for those without memory."""
    return torch.zeros_like(tensor, device=tensor.device) if is_without_memory(tensor) else tensor


def run_below(func: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any] | None) -> Any:
    """`func`, run by a mode that sees it. Of zeros without memory times a number the process would die here, and not where no
    mode is on: in f'' of abs(atanh(x))."""
    stored = (with_storage(one) if isinstance(one, torch.Tensor) else one for one in args)
    return func(*stored, **(kwargs or {}))


def is_wrapped(tensor: torch.Tensor) -> bool:
    """By a transform of torch.func, or by a compiler's functionalization: its numbers are inside, or nowhere yet."""
    return is_transformed(tensor) or torch._is_functional_tensor(tensor)


def is_fake(tensor: torch.Tensor) -> bool:
    """Whether it is of a class in a module of torch, which is not imported for that."""
    return isinstance(tensor, getattr(sys.modules.get("torch._subclasses.fake_tensor"), "FakeTensor", ()))


def has_no_numbers(tensor: torch.Tensor) -> bool:
    """Whether it has a shape alone: one on the meta device, or of a run that only tries how large all will be."""
    return tensor.is_meta or is_fake(tensor)


def is_transformed(tensor: torch.Tensor) -> bool:
    """Whether it is inside a transform of torch.func."""
    return bool(_C._functorch.is_functorch_wrapped_tensor(tensor))


def unwrapped(tensor: torch.Tensor) -> torch.Tensor:
    """The one that stands within all transforms."""
    while is_transformed(tensor):
        tensor = _C._functorch.get_unwrapped(tensor)
    return tensor


def saved_tensors(node: Node, *names: str) -> list[torch.Tensor]:
    """The tensors that a node keeps, under some of its names or all, without unpacking: not those that a hook has packed.

    Before torch 2.10 there is no looking at them without that: none.
    """
    found: list[torch.Tensor] = []
    attributes = [RAW + name for name in names] if names else attributes_of(type(node), RAW)
    for attribute in attributes:
        try:
            kept = getattr(node, attribute)
        except RuntimeError:  # the graph was freed
            continue
        for each in kept if type(kept) in LISTS else (kept,):
            if isinstance(tensor := getattr(each, "data", None), torch.Tensor) and each.unpack_hook is None:
                found.append(tensor)
    return found


LISTS = (tuple, list)
RAW = "_raw_saved_"
"""What stands before the names under which a node keeps tensors."""


@cache
def attributes_of(kind: type[Node], prefix: str) -> tuple[str, ...]:
    """Of what nodes of a kind keep, with the prefix."""
    return tuple(name for name in dir(kind) if name.startswith(prefix))


@cache
def names_of(kind: type[Node], prefix: str) -> tuple[str, ...]:
    """Of what nodes of a kind keep, without the prefix."""
    return tuple(name.removeprefix(prefix) for name in attributes_of(kind, prefix))


def scale_of(scaler: torch.amp.GradScaler) -> torch.Tensor | None:
    """The tensor by which it multiplies; None before it first does."""
    return cast(Any, scaler)._scale if scaler.is_enabled() else None


def is_unscaled(scaler: Any, optimizer: Any) -> bool:
    """Whether `unscale_` of a GradScaler was called before the step, which else does it."""
    state = getattr(scaler, "_per_optimizer_states", {}).get(id(optimizer), {})
    return getattr(state.get("stage"), "name", "READY") != "READY"


def function_of(node: Any) -> Any:
    """The custom Function of a node, or of the context that its forward gets; None for any other."""
    return getattr(type(node), "_forward_cls", None) or getattr(node, "_forward_cls", None)


def in_backward() -> bool:
    """Whether the engine is running on this thread: a checkpoint runs the forward again in it."""
    return bool(_C._current_graph_task_id() != -1)


OF_SHAPES = "torch.distributed.pipelining.stage", "_backward_metadata_inference"
"""The module, and its function, by which a pipeline learns of what shapes gradients are: of numbers that nobody has set."""


MANY_PASSES = {"torch.autograd.functional", "torch.autograd.gradcheck"}
"""Modules that take a Jacobian row by row, or compare one with what they get by writing over the inputs."""


def is_for_torch(frame: FrameType | None) -> bool:
    """Whether a pass that is begun here, within `torch.autograd.grad`, is one of many for a module of torch, or one by which a
    pipeline looks at shapes."""
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("torch", "gradtui"):
        name = frame.f_globals["__name__"]
        if name in MANY_PASSES or (name, frame.f_code.co_name) == OF_SHAPES:
            return True
        frame = frame.f_back
    return False


def is_within_torch() -> bool:
    """Whether what runs on this thread is run by torch for an end of its own: it compiles, runs backward, or transforms."""
    return is_made_a_graph_of() or in_backward() or bool(_C._are_functorch_transforms_active())


def is_made_a_graph_of() -> bool:
    """Whether what runs on this thread is compiled, or traced by `torch.jit`: whoever reads a number or a size is traced, too."""
    return torch.compiler.is_compiling() or bool(_C._is_tracing())


def apply_function() -> Callable[..., Any]:
    """`apply` of custom Functions as a function of the Function and what it takes in."""
    apply: Any = torch.autograd.Function.apply
    if hasattr(apply, "__func__"):
        return cast(Callable[..., Any], apply.__func__)
    built_in = torch.autograd.Function.__dict__["apply"]  # from torch 2.14 on

    def applied(function: Any, *args: Any, **kwargs: Any) -> Any:
        return built_in.__get__(None, function)(*args, **kwargs)

    return applied


def is_step_heard(optimizer: torch.optim.Optimizer) -> bool:
    """Whether torch tells its hooks of each step of this one: not of what wraps one and does not make itself an optimizer."""
    return bool(getattr(type(optimizer).step, "hooked", False))


def not_compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, called by compiled code as it is: Dynamo, which is loaded for that, as by any optimizer, does not go into it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return torch._disable_dynamo(call)  # type: ignore[attr-defined]


def caller(frame: FrameType) -> FrameType:
    """Of what `not_compiled` made: it is still there when that has returned. frame: one of those in between, or this itself."""
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, "torch._compile", DYNAMO):
        frame = frame.f_back
    return frame


def runs_again(value: object) -> Any:
    """The function that a checkpoint without reentrance runs once more in backward, of the object that keeps it; else None."""
    again = getattr(value, "recompute_fn", None) if type(value).__name__ == "_CheckpointFrame" else None
    if again is None:
        return None
    held = dict(zip(again.__code__.co_freevars, again.__closure__ or (), strict=False))
    return held["fn"].cell_contents if "fn" in held else None
