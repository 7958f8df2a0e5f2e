"""Running backward in the middle of someone else's program, and leaving everything as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import torch

from gradtui.engine.autograd.compiled import Compiled, stepping_aside
from gradtui.engine.torch_private import torch_functions, unversioned, without_torch_functions


@contextmanager
def undisturbed() -> Iterator[None]:
    """Grad mode on, anomaly mode and function modes off; afterwards all of it, and torch's random numbers, as before.

    Compiled code that is run again, as a checkpoint does, finds function modes as it was compiled with them.
    """
    with without_torch_functions(), torch.inference_mode(False), torch.enable_grad(), without_anomaly_mode():
        random = torch.get_rng_state()
        devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
        on_devices = [torch.cuda.get_rng_state(device) for device in devices]
        try:
            with stepping_aside(_FunctionModes()):
                yield
        finally:
            torch.set_rng_state(random)
            for device, state in zip(devices, on_devices, strict=True):
                torch.cuda.set_rng_state(state, device)


@contextmanager
def without_anomaly_mode() -> Iterator[None]:
    """In it the engine would stop at the first nan, which is what one wants to see."""
    anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()
    torch.set_anomaly_enabled(False)
    try:
        yield
    finally:
        torch.set_anomaly_enabled(*anomaly)


class _FunctionModes:
    """That they are off steps aside."""

    def step_aside(self, compiled: Compiled) -> None:
        self._before = torch_functions(None)

    def come_back(self) -> None:
        torch_functions(self._before)


@contextmanager
def unchanged(tensors: Iterable[torch.Tensor]) -> Iterator[None]:
    """Afterwards the tensors are as they were: what runs for us may write over them."""
    before = []
    for one in tensors:
        with suppress(RuntimeError, NotImplementedError):  # it has no version, or no numbers of its own
            before.append((one, one._version, one.detach().clone()))
    try:
        yield
    finally:
        for one, version, numbers in before:
            if one._version != version or _differs(one, numbers):
                with unversioned(one), torch.no_grad():
                    _unexpanded(one, one).copy_(_unexpanded(numbers, one))


def _differs(one: torch.Tensor, before: torch.Tensor) -> bool:
    """Normalisations and observers write into their averages, and torch counts no version of that. nan is as nan was."""
    try:
        if torch.equal(one, before):
            return False
    except (RuntimeError, NotImplementedError):
        return False
    with suppress(RuntimeError, NotImplementedError):
        return not bool(((one == before) | (one.isnan() & before.isnan())).all())
    return True


def _unexpanded(tensor: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Where several elements of `like` are one number in memory, the first of them alone: torch writes into no others."""
    for axis, (size, stride) in enumerate(zip(like.shape, like.stride(), strict=True)):
        if size > 1 and stride == 0:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor
