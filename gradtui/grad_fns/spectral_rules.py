"""Rules of complex numbers and Fourier transforms: grad_fn name -> the forward, then what a, b, c ... get.

Written as those of `tensor_rules`; conj(ḡ) is the complex conjugate. torch's gradient of a complex a is conj(∂L/∂a), the
direction in which L grows.
"""

from __future__ import annotations

SPECTRA: dict[str, tuple[str, ...]] = {
    "ComplexBackward0": ("a + b*i", "real(ḡ)", "imag(ḡ)"),
    "PolarBackward0": ("a*exp(b*i)", "real(conj(ḡ)*y/a)", "real(conj(ḡ)*y*i)"),
    "AngleBackward0": ("angle of a", "0 for real numbers, else ḡ*a*i/|a|^2"),
    "ConjBackward0": ("conj(a)", "conj(ḡ)"),
    "ConjPhysicalBackward0": ("conj(a)", "conj(ḡ)"),
    "ViewAsComplexBackward0": ("pairs of a as complex numbers", "ḡ as pairs of numbers"),
    "ViewAsRealBackward0": ("complex numbers of a as pairs", "ḡ as complex numbers"),
    "FftR2CBackward0": ("Fourier transform of a, real", "real part of the transform of ḡ in the other direction"),
    "FftC2CBackward0": ("Fourier transform of a", "transform of ḡ in the other direction"),
    "FftC2RBackward0": (
        "Fourier transform of a, to real numbers",
        "transform of ḡ in the other direction, inner ones twice",
    ),
}
