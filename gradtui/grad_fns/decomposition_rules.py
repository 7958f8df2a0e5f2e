"""Rules of matrix functions and decompositions: grad_fn name -> the forward, then what a, b, c ... get.

Written as those of `tensor_rules`; yᵀ is y conjugate and transposed where it is complex, sym(m) is (m + mᵀ)/2, low(m) is the
lower triangle of m with half of its diagonal. Of several results, ḡ of each has that result's name.
"""

from __future__ import annotations

AS_OF_REFLECTIONS = "as of the product of I - tau*v @ vᵀ, v the columns of a"

DECOMPOSITIONS: dict[str, tuple[str, ...]] = {
    "CholeskyBackward0": ("y with y @ yᵀ = a", "sym(y⁻ᵀ @ low(yᵀ @ ḡ) @ y⁻¹)"),
    "LinalgCholeskyExBackward0": ("y with y @ yᵀ = a", "sym(y⁻ᵀ @ low(yᵀ @ ḡ) @ y⁻¹)"),
    "CholeskyInverseBackward0": ("inverse of a @ aᵀ", "-y @ (ḡ + ḡᵀ) @ y @ a"),
    "CholeskySolveBackward0": (
        "solution y of b @ bᵀ @ y = a",
        "s, the solution of b @ bᵀ @ s = ḡ",
        "-(s @ yᵀ + y @ sᵀ) @ b, s the gradient of a",
    ),
    "LinalgEighBackward0": (
        "eigenvalues w and eigenvectors v of a, symmetric",
        "v @ (diag(ḡw) + (vᵀ @ ḡv)/(wⱼ - wᵢ)) @ vᵀ: equal eigenvalues divide by 0",
    ),
    "LinalgEigBackward0": (
        "eigenvalues w and eigenvectors v of a",
        "v⁻ᵀ @ (diag(ḡw) + (m - vᵀ @ v @ diag(real(m)))/(wⱼ - wᵢ)) @ vᵀ, m = vᵀ @ ḡv: equal eigenvalues divide by 0",
    ),
    "LinalgSvdBackward0": (
        "u, s, v with u @ diag(s) @ vᵀ = a",
        "u @ (k(uᵀ @ ḡu) @ s + s @ k(vᵀ @ ḡv) + diag(ḡs)) @ vᵀ, k(m) = (m - mᵀ)/(sⱼ² - sᵢ²): "
        "equal singular values divide by 0",
    ),
    "LinalgQrBackward0": (
        "q and r with q @ r = a",
        "(ḡq + q @ m) @ r⁻ᵀ, m the lower triangle of r @ ḡrᵀ - ḡqᵀ @ q, mirrored",
    ),
    "LinalgLuBackward0": (
        "p, l, u with p @ l @ u = a",
        "p @ l⁻ᵀ @ (the part of lᵀ @ ḡl below the diagonal + the rest of ḡu @ uᵀ) @ u⁻ᵀ",
    ),
    "LinalgLuFactorExBackward0": (
        "l and u in one, with p @ l @ u = a",
        "p @ l⁻ᵀ @ (the part of lᵀ @ ḡl below the diagonal + the rest of ḡu @ uᵀ) @ u⁻ᵀ",
    ),
    "LinalgLuSolveBackward0": (
        "solution y of p @ l @ u @ y = b, l and u in a",
        "the part of pᵀ @ m @ uᵀ below the diagonal + the rest of lᵀ @ pᵀ @ m, m = -(b's gradient) @ yᵀ",
        "solution of (p @ l @ u)ᵀ @ (b's gradient) = ḡ",
    ),
    "LuUnpackBackward0": ("l and u out of a", "the part of ḡl below the diagonal + the rest of ḡu"),
    "LinalgMatrixExpBackward0": ("matrix exponential of a", "the derivative of exp at aᵀ in the direction ḡ"),
    "LinalgMatrixSqrthBackward0": (
        "y with y @ y = a, both symmetric and positive",
        "x, the solution of y @ x + x @ y = sym(ḡ)",
    ),
    "LinalgPolarBackward0": (
        "u and h with u @ h = a, uᵀ @ u = I and h symmetric",
        "u @ (sym(ḡh) + x) + (I - u @ uᵀ) @ ḡu @ h⁻¹, x the solution of x @ h + h @ x = m - mᵀ, m = uᵀ @ ḡu - sym(ḡh) @ h",
    ),
    "LinalgPinvBackward0": (
        "pseudoinverse of a",
        "-yᵀ @ ḡ @ yᵀ + (I - a @ y) @ ḡᵀ @ y @ yᵀ + yᵀ @ y @ ḡᵀ @ (I - y @ a)",
    ),
    "LinalgLstsqBackward0": (
        "pseudoinverse of a times b",
        "as of pinv(a), for ḡ @ bᵀ",
        "pinv(a)ᵀ @ ḡ",
    ),
    "LinalgSolveTriangularBackward0": (
        "solution y of a @ y = b, a triangular",
        "the triangle of -(b's gradient) @ yᵀ",
        "solution of aᵀ @ (b's gradient) = ḡ",
    ),
    "TriangularSolveBackward0": (
        "solution y of b @ y = a, b triangular",
        "solution of bᵀ @ (a's gradient) = ḡ",
        "the triangle of -(a's gradient) @ yᵀ",
    ),
    "LinalgHouseholderProductBackward0": ("product of reflections", AS_OF_REFLECTIONS),
    "OrmqrBackward0": ("product of reflections, times c", AS_OF_REFLECTIONS, AS_OF_REFLECTIONS, "(the product)ᵀ @ ḡ"),
}
