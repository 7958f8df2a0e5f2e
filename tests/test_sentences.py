"""No sentence is data: code never looks into what gradtui says, nor into the text of a person's source.

What must be told apart is a field. That is read off the syntax of the whole package, as far as it can be: the text of such a
field, or a variable that holds it, is not searched, cut, matched or compared with words.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SENTENCES = {"message", "hint", "remedy", "note", "what", "text", "evidence", "sentence", "why", "printed", "traceback"}
"""Fields of our data that hold words for a person: of Problem, Note, Finding, Check, Curve, Derivative, and of a Source."""

LOOKING = {
    *(
        "startswith",
        "endswith",
        "removeprefix",
        "removesuffix",
        "replace",
        "translate",
        "find",
        "rfind",
        "index",
        "rindex",
    ),
    *("count", "split", "rsplit", "partition", "rpartition"),
}
MATCHING = {"match", "search", "fullmatch", "findall", "finditer", "sub", "split"}
SAME = {"lower", "upper", "strip", "lstrip", "rstrip", "casefold"}
"""What they give is the same text still."""

LANGUAGE = "gradtui/expression/"
"""There the `text` of a token is what a person typed, and reading it is the task."""

STILL = {
    "gradtui/findings/words/branches.py",
    "gradtui/findings/words/whereabouts.py",
    "gradtui/tui/texts.py",
}
"""Where it is still done, for want of a field."""


class Looks(ast.NodeVisitor):
    """Collects where one function, or the module around, looks into a sentence."""

    def __init__(self, file: str) -> None:
        self.fields = SENTENCES - {"text"} if file.startswith(LANGUAGE) else SENTENCES
        self.held: set[str] = set()
        self.found: list[tuple[int, str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self.held = self.held, set(self.held)
        for assigned in ast.walk(node):
            if isinstance(assigned, ast.Assign) and self.is_sentence(assigned.value):
                self.held |= {target.id for target in assigned.targets if isinstance(target, ast.Name)}
        self.generic_visit(node)
        self.held = outer

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for operator, left, right in zip(node.ops, sides[:-1], sides[1:], strict=True):
            if isinstance(operator, ast.In | ast.NotIn) and self.is_sentence(right):
                self.add(node)
            if isinstance(operator, ast.Eq | ast.NotEq) and (
                (self.is_sentence(left) and is_words(right)) or (self.is_sentence(right) and is_words(left))
            ):
                self.add(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            looks = node.func.attr in LOOKING and node.args and self.is_sentence(node.func.value)
            matches = node.func.attr in MATCHING and any(map(self.is_sentence, node.args))
            if looks or matches:
                self.add(node)
        self.generic_visit(node)

    def add(self, node: ast.AST) -> None:
        self.found.append((getattr(node, "lineno", 0), ast.unparse(node)))

    def is_sentence(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr=name):
                return name in self.fields
            case ast.Name(id=name):
                return name in self.held
            case ast.Call(func=ast.Attribute(value=inside, attr=name)):
                return name in SAME and self.is_sentence(inside)
            case ast.IfExp(body=one, orelse=other):
                return self.is_sentence(one) or self.is_sentence(other)
            case ast.BoolOp(values=values):
                return any(map(self.is_sentence, values))
        return False


def is_words(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""


def looks(file: str, code: str) -> Iterator[str]:
    visitor = Looks(file)
    visitor.visit(ast.parse(code))
    return (f"{file}:{line}: {words}" for line, words in visitor.found)


@pytest.mark.long
def test_no_sentence_is_data() -> None:
    found = []
    for path in sorted((ROOT / "gradtui").rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        if file not in STILL:
            found += list(looks(file, path.read_text(encoding="utf-8")))
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        '"in place" in problem.message',
        'problem.message == "no graph"',
        'problem.message.replace("the evaluation process", name)',
        'curve.what.startswith("f of one element")',
        're.search("output of (.*)", problem.message)',
        "MASKED.search(node.source.text)",
        'def f(node):\n    text = node.source.text.lower() if node.source else ""\n    return "_loss(" in text',
        'def f(one):\n    for note in one:\n        if "kink" not in (note.text or ""):\n            yield note',
    ],
)
def test_what_is_found(code: str) -> None:
    assert list(looks("gradtui/some.py", code))


@pytest.mark.parametrize(
    "code",
    [
        'problem.kind == "domain"',
        'f"error: {problem.message}"',
        "len(note.text) > 80",
        'note.text != ""',
        "x in problem.kinds",
    ],
)
def test_what_is_no_look(code: str) -> None:
    assert not list(looks("gradtui/some.py", code))
