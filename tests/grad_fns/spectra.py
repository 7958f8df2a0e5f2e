"""Complex numbers and Fourier transforms, and their rules done in tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from tests.grad_fns.case import Case, as_of, by_rule, case

fft = torch.fft


def complex_of(a: Tensor) -> Tensor:
    return torch.complex(a, 0.5 - a * a)


def both(z: Tensor) -> Tensor:
    """Its two parts, so that the loss is real."""
    return torch.view_as_real(z)


def conjugate(g: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return g.conj().resolve_conj()


def angle(g: Tensor, y: Tensor, z: Tensor) -> Tensor:
    return g * z * 1j / z.abs() ** 2


def through(operation: Callable[[Tensor], Tensor], rule: Callable[..., Tensor]) -> Case:
    """Of complex numbers, made of real operands."""
    known = by_rule(operation, rule)
    return case((4,))(lambda a: operation(complex_of(a)), as_of(lambda a: known(complex_of(a))))


def c2r(g: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """The inverse real transform of n numbers: the inner ones stand for two."""
    gradient: Tensor = fft.rfft(g) / len(g)
    gradient[1 : (len(g) + 1) // 2] *= 2
    return gradient


SPECTRA = [
    ("ComplexBackward0", case((3,), (3,))(torch.complex, lambda g, y, a, b: (g.real, g.imag))),
    (
        "PolarBackward0",
        case((3,), (3,), positive=True)(
            torch.polar, lambda g, y, a, b: ((g.conj() * y / a).real, (g.conj() * y * 1j).real)
        ),
    ),
    ("AngleBackward0", case((3,))(torch.angle, lambda g, y, a: 0 * a)),
    ("AngleBackward0", through(torch.angle, angle)),
    (
        "ConjBackward0",
        case((3,))(lambda a: complex_of(a).conj(), as_of(lambda a: complex_of(a).conj_physical())),
    ),
    ("ConjPhysicalBackward0", through(torch.conj_physical, conjugate)),
    ("ViewAsComplexBackward0", case((3, 2))(torch.view_as_complex, lambda g, y, a: both(g))),
    (
        "ViewAsRealBackward0",
        case((3,))(lambda a: both(complex_of(a)), as_of(lambda a: torch.stack([a, 0.5 - a * a], -1))),
    ),
    ("FftR2CBackward0", case((4,))(fft.fft, lambda g, y, a: (fft.ifft(g) * 4).real)),
    ("FftR2CBackward0", case((4,))(lambda a: fft.fft(a, norm="ortho"), lambda g, y, a: fft.ifft(g, norm="ortho").real)),
    ("FftC2CBackward0", through(fft.fft, lambda g, y, z: fft.ifft(g) * 4)),
    ("FftC2RBackward0", through(lambda z: fft.irfft(z, 6), c2r)),
]
