"""Matrix functions and decompositions, and their rules done in tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests.grad_fns.case import Gradients, as_of, by_rule, case, quiet

linalg: Any = torch.linalg
"""Of which not every torch has all."""
inv: Callable[[Tensor], Tensor] = torch.linalg.inv
matrix_exponential: Callable[[Tensor], Tensor] = torch.linalg.matrix_exp
diag = torch.diag


def positive(a: Tensor) -> Tensor:
    return a @ a.mT + torch.eye(len(a), dtype=a.dtype)


def low(m: Tensor) -> Tensor:
    return m.tril() - diag(m.diagonal()) / 2


def sym(m: Tensor) -> Tensor:
    return (m + m.mT) / 2


def apart(values: Tensor) -> Tensor:
    """wⱼ - wᵢ, with 1 on the diagonal, where what is divided by it is 0."""
    return values[None] - values[:, None] + torch.eye(len(values), dtype=values.dtype)


def cholesky(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    return sym(inv(y).mT @ low(y.mT @ g) @ inv(y))


def cholesky_inverse(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    return -y @ (g + g.mT) @ y @ a


def cholesky_solve(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    s = inv(b @ b.mT) @ g
    return s, -(s @ y.mT + y @ s.mT) @ b


def sylvester(a: Tensor, b: Tensor) -> Tensor:
    """x with a @ x + x @ a = b."""
    unit = torch.eye(len(a), dtype=a.dtype)
    x: Tensor = torch.linalg.solve(torch.kron(a, unit) + torch.kron(unit, a.mT.contiguous()), b.reshape(-1))
    return x.reshape(b.shape)


def polar(g: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], a: Tensor) -> Tensor:
    (u, h), (gu, gh) = y, g
    m = u.mT @ gu - sym(gh) @ h
    return u @ (sym(gh) + sylvester(h, m - m.mT)) + (torch.eye(len(u), dtype=a.dtype) - u @ u.mT) @ gu @ inv(h)


def eigh(g: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], a: Tensor) -> Tensor:
    values, vectors = y
    inner = vectors.mT @ g[1] / apart(values)
    return vectors @ (inner - diag(inner.diagonal()) + diag(g[0])) @ vectors.mT


def eigenvalues(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    vectors = torch.linalg.eig(a)[1]
    real: Tensor = (inv(vectors).mH @ diag(g) @ vectors.mH).real
    return real


def svd(g: tuple[Tensor, ...], y: tuple[Tensor, ...], a: Tensor) -> Tensor:
    u, s, vt = y
    differences = apart(s**2)

    def k(m: Tensor) -> Tensor:
        return (m - m.mT) / differences

    return u @ (k(u.mT @ g[0]) @ diag(s) + diag(s) @ k(vt @ g[2].mT) + diag(g[1])) @ vt


def qr(g: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], a: Tensor) -> Tensor:
    q, r = y
    m = r @ g[1].mT - g[0].mT @ q
    return (g[0] + q @ (m.tril() + m.tril(-1).mT)) @ inv(r).mT


def lu(g: tuple[Tensor, ...], y: tuple[Tensor, ...], a: Tensor) -> Tensor:
    p, left, right = y
    inner = (left.mT @ g[1]).tril(-1) + (g[2] @ right.mT).triu()
    return p @ inv(left).mT @ inner @ inv(right).mT


def lu_factor(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    p, left, right = torch.linalg.lu(a)
    return lu((g, g.tril(-1), g.triu()), (p, left, right), a)


def pivots(count: int) -> Tensor:
    return torch.arange(1, count + 1, dtype=torch.int32)


def lu_solve(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    left, right = a.tril(-1) + torch.eye(len(a), dtype=a.dtype), a.triu()
    to_b = inv(left @ right).mT @ g
    m = -to_b @ y.mT
    return (m @ right.mT).tril(-1) + (left.mT @ m).triu(), to_b


def matrix_exp(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    count = len(a)
    both = torch.cat([torch.cat([a.mT, g], 1), torch.cat([torch.zeros_like(a), a.mT], 1)])
    return matrix_exponential(both)[:count, count:]


def pinv(g: Tensor, y: Tensor, a: Tensor) -> Tensor:
    above, below = torch.eye(a.shape[0], dtype=a.dtype) - a @ y, torch.eye(a.shape[1], dtype=a.dtype) - y @ a
    return -y.mT @ g @ y.mT + above @ g.mT @ y @ y.mT + y.mT @ y @ g.mT @ below


def lstsq(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    inverse = torch.linalg.pinv(a)
    return pinv(g @ b.mT, inverse, a), inverse.mT @ g


def triangular(g: Tensor, y: Tensor, a: Tensor, b: Tensor) -> Gradients:
    to_b = inv(a.triu()).mT @ g
    return -(to_b @ y.mT).triu(), to_b


def reflections(a: Tensor, tau: Tensor) -> Tensor:
    """The product of I - tau*v @ vᵀ, v the columns of a with 1 on its diagonal and 0 above."""
    whole = torch.eye(len(a), dtype=a.dtype)
    for column in range(len(tau)):
        v = torch.cat([torch.zeros(column, dtype=a.dtype), torch.ones(1, dtype=a.dtype), a[column + 1 :, column]])
        whole = whole @ (torch.eye(len(a), dtype=a.dtype) - tau[column] * torch.outer(v, v))
    return whole


SOLVED = case((3, 3), (3, 2))

DECOMPOSITIONS = [
    (
        "LinalgCholeskyExBackward0",
        case((3, 3))(
            lambda a: torch.linalg.cholesky(positive(a)),
            as_of(lambda a: by_rule(torch.linalg.cholesky, cholesky)(positive(a))),
        ),
    ),
    (
        "CholeskyBackward0",
        case((3, 3))(
            quiet(lambda a: torch.cholesky(positive(a))),
            as_of(lambda a: by_rule(torch.linalg.cholesky, cholesky)(positive(a))),
        ),
    ),
    (
        "LinalgMatrixSqrthBackward0",
        case((3, 3))(
            lambda a: linalg.matrix_sqrth(positive(a)),
            as_of(
                lambda a: by_rule(lambda a: linalg.matrix_sqrth(a), lambda g, y, a: sylvester(y, sym(g)))(positive(a))
            ),
        ),
    ),
    ("LinalgPolarBackward0", case((4, 3))(lambda a: linalg.polar(a), polar)),
    (
        "CholeskyInverseBackward0",
        case((3, 3))(
            lambda a: torch.cholesky_inverse(a.tril()),
            as_of(lambda a: by_rule(torch.cholesky_inverse, cholesky_inverse)(a.tril())),
        ),
    ),
    (
        "CholeskySolveBackward0",
        case((3, 2), (3, 3))(
            lambda a, b: torch.cholesky_solve(a, b.tril()),
            as_of(lambda a, b: by_rule(torch.cholesky_solve, cholesky_solve)(a, b.tril())),
        ),
    ),
    (
        "LinalgEighBackward0",
        case((3, 3))(
            lambda a: tuple(torch.linalg.eigh(sym(a))),
            as_of(lambda a: by_rule(lambda m: tuple(torch.linalg.eigh(m)), eigh)(sym(a))),
        ),
    ),
    ("LinalgEigBackward0", case((3, 3))(lambda a: torch.linalg.eig(a)[0], eigenvalues)),
    ("LinalgSvdBackward0", case((3, 3))(lambda a: tuple(torch.linalg.svd(a)), svd)),
    ("LinalgQrBackward0", case((4, 3))(lambda a: tuple(torch.linalg.qr(a)), qr)),
    (
        "LinalgLuBackward0",
        case((3, 3))(lambda a: tuple(torch.linalg.lu(a))[1:], lambda g, y, a: lu((a, *g), torch.linalg.lu(a), a)),
    ),
    ("LinalgLuFactorExBackward0", case((3, 3))(lambda a: torch.linalg.lu_factor(a)[0], lu_factor)),
    ("LinalgLuSolveBackward0", case((3, 3), (3, 2))(lambda a, b: torch.linalg.lu_solve(a, pivots(3), b), lu_solve)),
    (
        "LuUnpackBackward0",
        case((3, 3))(lambda a: torch.lu_unpack(a, pivots(3))[1:], lambda g, y, a: g[0].tril(-1) + g[1].triu()),
    ),
    ("LinalgMatrixExpBackward0", case((3, 3))(torch.linalg.matrix_exp, matrix_exp)),
    ("LinalgPinvBackward0", case((4, 3))(torch.linalg.pinv, pinv)),
    ("LinalgLstsqBackward0", case((4, 3), (4, 2))(lambda a, b: torch.linalg.lstsq(a, b)[0], lstsq)),
    (
        "LinalgSolveTriangularBackward0",
        SOLVED(lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), triangular),
    ),
    (
        "TriangularSolveBackward0",
        case((3, 2), (3, 3))(
            quiet(lambda a, b: torch.triangular_solve(a, b)[0]),
            lambda g, y, a, b: tuple(reversed(triangular(g, y, b, a))),
        ),
    ),
    (
        "LinalgHouseholderProductBackward0",
        case((4, 3), (3,))(torch.linalg.householder_product, as_of(lambda a, b: reflections(a, b)[:, :3])),
    ),
    (
        "OrmqrBackward0",
        case((4, 3), (3,), (4, 2))(torch.ormqr, as_of(lambda a, b, c: reflections(a, b) @ c)),
    ),
]
