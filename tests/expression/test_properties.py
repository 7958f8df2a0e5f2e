"""On texts that nobody thought of: an Expression or an ExpressionError, and a reading that reads back the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradtui.expression import Expression, ExpressionError, parse, write
from gradtui.expression.functions import FUNCTIONS
from gradtui.expression.highlight import pieces
from gradtui.expression.syntax import Application, Reference, postorder
from tests.expression.shapes import python_shape, shape, shapes

quick = settings(max_examples=50, deadline=None)

PIECES = [
    *"xyzwabefgh0123456789+-*/^()[]|,;=.<>!%'\"{}_ \n²⁻¹√π×÷−·θλ∞₁",
    *("**", "//", ">=", "x1", "pi", "e", "inf", "nan", "torch.", "F.", "math.", "lambda ", ".pow(2)", "f(x) =", "dim="),
    *(
        "x[0]",
        "[1:]",
        "g(t) = t*x;",
        "g(",
        "def f(x): ",
        "return ",
        "lambda x: ",
        "\\frac",
        "{x}",
        "\\sin",
        "\\left(",
        "$",
    ),
    *(
        " mod ",
        " squared",
        "log_2",
        "mse_loss(x, y",
        ', reduction="sum")',
        "cross_entropy(z, 0)",
        "σ(",
        "gamma(",
        ":",
        "#",
    ),
    *("sin", "cos ", "exp(", "log", "max(", "where(x > 0, ", "sum(", "clamp(", "softmax(", "a = x^2;", "1e-3", "2."),
]
soup = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def read(text: str, names: tuple[str, ...] = ()) -> Expression | None:
    """The expression, or None for an ExpressionError with a place in the text; anything else is a failure."""
    try:
        return parse(text, names)
    except ExpressionError as error:
        wrong = not 0 <= error.start <= error.end <= len(text) or not error.message
        if wrong or not (error.message + error.hint).isprintable():
            raise AssertionError(f"{error.start}-{error.end} {error.message!r} {error.hint!r}") from error
        return None


@quick
@given(st.text())
def test_any_text(text: str) -> None:
    read(text)
    pieces(text)


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(soup, st.sampled_from([(), ("e", "F"), ("x", "Δx")]))
@example("softmax(dim=0)", ())
@example("lambda x^2", ())
@example("torch.", ())
@example("λ[1:]", ())
@example("e x + math.e", ("e", "F"))
def test_soup(text: str, names: tuple[str, ...]) -> None:
    """Made of pieces of the language: whatever can be read, reads back the same from its reading."""
    expression = read(text, names)
    if expression is not None:
        reading = write(expression)
        again = parse(reading, expression.variables)
        assert shape(again) == shape(expression)
        assert write(again) == reading
        assert not set(again.variables) - set(expression.variables)


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts that Python reads too, once `^` is `**`."""
    operator = st.sampled_from([spaced for sign in "+-*/^" for spaced in (sign, f" {sign} ")])
    return st.one_of(
        st.builds("{}{}{}".format, inner, operator, inner),
        st.builds("({})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("{}({})".format, st.sampled_from(["sin", "exp", "relu"]), inner),
        st.builds("max({}, {})".format, inner, inner),
    )


python_text = st.recursive(st.sampled_from(["x", "y", "w1", "2", "0.5", "1e-3"]), grow, max_leaves=15)


@pytest.mark.long
@quick
@given(python_text)
def test_reads_as_python_does(text: str) -> None:
    """Where a text is both, it has one meaning: Python's own parser is the judge."""
    expected = python_shape(text.replace("^", "**"))
    assert shape(parse(text)) == expected
    assert shape(parse(text.replace("^", "**"))) == expected
    assert python_shape(write(parse(text)).replace("^", "**")) == expected


@pytest.mark.long
@quick
@given(python_text)
def test_span_is_the_text_of_the_node(text: str) -> None:
    """What a node spans reads as that node."""
    expression = parse(text)
    expected = shapes(expression)
    for node in postorder(expression):
        assert shape(parse(text[node.start : node.end])) == expected[node]


@pytest.mark.long
@quick
@given(python_text, python_text)
def test_implicit_product(left: str, right: str) -> None:
    """What is not written is a `*`, no more and no less: left to right, beside `/` too."""
    for text in ("({})({})", "1/2({})({})", "2x/({})sin({})", "({})x^2({})"):
        starred = text.replace(")(", ")*(").replace(")s", ")*s").replace("2(", "2*(").replace("2x", "2*x")
        starred = starred.replace(")x", ")*x")
        assert shape(parse(text.format(left, right))) == shape(parse(starred.format(left, right)))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_reads_back(name: str) -> None:
    row = FUNCTIONS[name]
    for count in range(row.least, row.most + 1):
        plain = [str(i) for i in range(1, row.settings + 1)][: max(0, count - (1 + len(row.parameters) - row.settings))]
        arguments = [*"xyz"[: count - len(plain)], *plain]
        if row.name == "where":
            arguments[0] = "x > 0"
        if row.classes:
            arguments[1] = "0"
        text = f"{name}({', '.join(arguments)})"
        expression = parse(text)
        assert write(parse(write(expression))) == write(expression)
        if row.name == "log" and count == 2:
            assert write(expression) == "log(x)/log(y)"  # torch has three bases
        else:
            assert row.operator or write(expression) == text.replace(name, row.name, 1)


@settings(max_examples=70, deadline=None)
@given(soup)
def test_bindings_are_shared(text: str) -> None:
    """Every reference points to the very node that its name was bound to."""
    expression = read(text)
    if expression is not None:
        bound = {binding.name: binding.value for binding in expression.bindings}
        parameters = {name for one in expression.definitions for name in one.parameters}
        own = parameters | {line.name for one in expression.definitions for line in one.bindings}
        for node in postorder(expression):
            if isinstance(node, Reference) and not isinstance(node, Application) and node.name not in own:
                assert bound[node.name] is node.target
