"""What SECURITY.md promises of the whole package: what is typed and what is read is never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradtui.expression.parser import ExpressionError, parse
from gradtui.expression.point import PointError, read_point

PACKAGE = Path(__file__).parents[1] / "gradtui"
FILES = sorted(PACKAGE.rglob("*.py"))

CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "codeop"}
ATTRIBUTES = {
    *("torch.load", "torch.jit.load", "torch.package", "numpy.load", "np.load"),
    *("sympy.sympify", "sympy.parse_expr", "sympy.lambdify", "os.system", "os.popen"),
}
NAMES = {"sympify", "parse_expr", "lambdify"}
SHELL = "shell"
POWERS = "9**9**9**9**9"

OWN_CODE = {
    ("engine/user/module.py", "exec"),
    ("engine/user/module.py", "compile"),
    ("engine/user/too_nested.py", "compile"),
    ("engine/watching/program.py", "exec"),
    ("engine/watching/program.py", "compile"),
}
"""The places that run, or compile, code: a person's own, as named on the command line."""


def forbidden(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS | NAMES:
            yield node.func.id
        elif isinstance(node, ast.Call) and any(one.arg == SHELL for one in node.keywords):
            yield SHELL
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ATTRIBUTES:
            yield ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            module = node.module or ""
            if module.partition(".")[0] in MODULES:
                yield module
            yield from (one.name for one in node.names if one.name in NAMES | CALLS)


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
