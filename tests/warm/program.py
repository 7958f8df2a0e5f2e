"""`python program.py TORCH CALCULUS ARGUMENTS`: `gradtui ARGUMENTS` with those commands, a word a line, as its workers."""

import sys

from gradtui.service.client import Service

defaults = Service.__init__.__kwdefaults__ or {}
assert {"torch", "calculus"} <= defaults.keys()
defaults.update(torch=sys.argv.pop(1).split("\n"), calculus=sys.argv.pop(1).split("\n"))

from gradtui.command.cli import main  # noqa: E402 - in this order, as it is the program

main()
