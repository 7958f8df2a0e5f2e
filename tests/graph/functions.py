"""Functions of every shape, and their snapshots with tangents."""

from __future__ import annotations

from hypothesis import strategies as st

from gradtui.engine.typed.evaluate import evaluate
from gradtui.snapshot.model import Request, Snapshot

At = dict[str, float | tuple[float, ...]]

UNARY = ["sin", "cos", "exp", "tanh", "sigmoid", "atan", "softsign", "softplus", "tanhshrink", "sinh", "erf", "gelu"]
OF_A_VECTOR = ["sum", "mean", "norm", "logsumexp", "softmax", "var", "prod", "cumsum", "log_softmax", "amax"]
texts = st.recursive(
    st.sampled_from(["x", "y", "v", "x", "v", "2", "0.5"]),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("({}/(2 + ({})^2))".format, inner, inner),
        st.builds("{}({})".format, st.sampled_from(UNARY), inner),
        st.builds("{}(v*{})".format, st.sampled_from(OF_A_VECTOR), inner),
        st.builds("hypot({}, 1 + {}^2)".format, inner, inner),
        st.builds("where(x > y, {}, {})".format, inner, inner),
        st.builds("(1 + ({})^2)^0.3".format, inner),
    ),
    max_leaves=10,
)
places = st.floats(-2, 2)


def snapshot(text: str, at: At, along: tuple[str, int]) -> Snapshot:
    found = evaluate(Request(1, text, at, "float64", along=along))
    assert found.problem is None
    return found


def by_numbers(values: list[float]) -> float:
    """How large the terms of a sum are: rounding is measured against it."""
    return 1.0 + sum(map(abs, values))
