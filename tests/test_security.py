"""What SECURITY.md promises of the whole package: what is typed and what is read is never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import PointError, read_point
from tests.test_platforms import called

PACKAGE = Path(__file__).parents[1] / "gradtui"
FILES = sorted(PACKAGE.rglob("*.py"))

CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {
    *("pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop", "yaml"),
    *("builtins", "__builtins__", "runpy"),
}
ATTRIBUTES = {
    *("torch.load", "torch.jit.load", "torch.package", "torch.hub.load", "torch.serialization.load", "numpy.load"),
    *("os.system", "os.popen"),
}
LAST_WORDS = {name.rpartition(".")[2] for name in ATTRIBUTES}
MADE = {"sympy.S", "types.FunctionType"}
NAMES = {"sympify", "parse_expr", "lambdify"}
TAKEN, FOUND = CALLS | NAMES | {"__builtins__"}, NAMES | LAST_WORDS
"""Names that stand alone, and those after a dot."""
SHELL = "shell"
BY_NAME = CALLS | MODULES
"""What might be asked for by its name as a text."""
POWERS = "9**9**9**9**9"

OWN_CODE = {
    ("engine/user/module.py", "exec"),
    ("engine/user/module.py", "compile"),
    ("engine/user/too_nested.py", "compile"),
    ("engine/watching/program.py", "exec"),
    ("engine/watching/program.py", "compile"),
    ("engine/watching/program.py", "runpy"),
    ("engine/watching/kept_calls/effects.py", "builtins"),  # looks up what a name stands for, and calls none of it
}
"""The places that run, or compile, code: a person's own, as named on the command line."""


def forbidden(tree: ast.AST) -> Iterator[str]:
    """By whatever name it was imported, called or only handed on."""
    whole: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            whole |= {one.asname: one.name for one in node.names if one.asname}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            whole |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in TAKEN:
            yield node.id
        elif (isinstance(node, ast.keyword) and node.arg == SHELL) or (
            isinstance(node, ast.Dict)
            and any(isinstance(key, ast.Constant) and key.value == SHELL for key in node.keys)
        ):
            yield SHELL
        elif isinstance(node, ast.Call) and called(node) in ("getattr", "import_module"):
            yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant) and one.value in BY_NAME)
        elif isinstance(node, ast.Call) and called(node) in ("S", "FunctionType") and ast.unparse(node.func) in MADE:
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Attribute) and node.attr in FOUND:
            root, dot, rest = ast.unparse(node).partition(".")
            name = whole.get(root, root) + dot + rest
            if name in ATTRIBUTES or node.attr in NAMES:
                yield name
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            if module.partition(".")[0] in MODULES:
                yield module
            yield from (one.name for one in node.names if one.name in NAMES | CALLS | {"*"})
            yield from (one.name for one in node.names if f"{module}.{one.name}" in ATTRIBUTES)


@pytest.mark.long
def test_nothing_is_run_that_is_no_code_of_ours() -> None:
    assert len(FILES) > 100
    found = {
        (path.relative_to(PACKAGE).as_posix(), what)
        for path in FILES
        for what in forbidden(ast.parse(path.read_text()))
    }
    assert found <= OWN_CODE
    assert ("engine/user/module.py", "exec") in found


@pytest.mark.parametrize(
    "code",
    [
        *("eval('1')", "exec(x)", "import pickle", "from pickle import loads", "import torch\ntorch.load(x)"),
        *("from sympy import sympify", "sympy.sympify(x)", "subprocess.run(x, shell=True)", "__import__('os')"),
        *(
            "f = eval",
            "map(exec, x)",
            "import builtins",
            "getattr(x, 'eval')",
            "__builtins__['x']",
            "from sympy import *",
        ),
        *(
            "from torch import load",
            "import torch as t\nt.load(x)",
            "from torch import jit\njit.load(x)",
            "import runpy",
        ),
        *("import_module('pickle')", "subprocess.run(x, **{'shell': True})", "from os import system", "sympy.S('x')"),
        *(
            "import numpy as np\nnp.load(x)",
            "a.sympy_parser.parse_expr(x)",
            "types.FunctionType(x, {})",
            "torch.hub.load(x)",
        ),
    ],
)
def test_the_test_sees_it(code: str) -> None:
    assert list(forbidden(ast.parse(code)))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "().__class__.__bases__[0].__subclasses__()",
        "[].__class__.__base__",
        "x.__class__",
        "f'{x.__class__.__init__.__globals__}'",
        "'{0.__class__}'.format(x)",
        "x.sin.__globals__",
        "sin.__self__",
        "(lambda: x)()",
        "[y for y in (1).__class__.__mro__]",
        "x := 1",
        "open('/etc/passwd')",
        "torch.load('x')",
        "torch.ops.aten.sin(x)",
        "math.__loader__",
        "exec('x')",
        "x.pow.__func__(2)",
        "globals()",
        POWERS,
        "def f(x): import os; return x",
        "def f(x, y=open('x')): return x",
        "breakpoint()",
        "print.__reduce__()",
        "print.__reduce__()[0](print, '_printer')",
        "sin.func_globals['sys'].modules",
        "numpy.ctypeslib.os.system('id')",
        "{x.__class__: 1}",
        "'{x.__class__}'.format_map({'x': sin})",
        "'%1000000000d' % 1",
        "'x' * 9**9",
        "try: 1/0\nexcept Exception as error: error.obj",
        "sum.__init_subclass__.__self__",
    ],
)
def test_what_broke_other_readers(text: str) -> None:
    """From the advisories of readers of expressions: each is refused, or (a power of powers) is a number and no more."""
    if text == POWERS:
        assert parse(text).variables == ()
    else:
        with pytest.raises(ExpressionError):
            parse(text)
    with pytest.raises(PointError):
        read_point(text)
