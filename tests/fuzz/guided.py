"""`python -m tests.fuzz.guided -max_total_time=600`: the parser, with inputs that atheris bends towards code not run yet.

`pip install atheris` first; it has wheels for Linux alone, so it is no dependency.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["gradtui.expression"]):
    from gradtui.expression import Expression
    from tests.fuzz import language, texts


def one(data: bytes) -> None:
    given = data.decode("utf-8", "surrogateescape")
    expression = language.read(given)
    if isinstance(expression, Expression):
        language.read_back(expression)


def main() -> None:
    """The corpus is the public cases, unless a folder is given."""
    with TemporaryDirectory() as folder:
        for number, text in enumerate(texts.known()):
            (Path(folder) / str(number)).write_text(text, encoding="utf-8", errors="surrogateescape")
        atheris.Setup([*sys.argv, folder], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
