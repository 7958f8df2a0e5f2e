"""`python program.py PYTHON ARGUMENTS`: `gradtui ARGUMENTS`, which starts its processes with that Python, a word a line."""

import sys

from gradtui.command import watched_script
from gradtui.service import client

python = sys.argv.pop(1).split("\n")
defaults = client.Service.__init__.__kwdefaults__ or {}
assert {"torch", "calculus"} <= defaults.keys()
defaults.update(torch=(*python, *client.TORCH[1:]), calculus=(*python, *client.CALCULUS[1:]))
script = watched_script.command
watched_script.command = lambda *arguments: [*python, *script(*arguments)[1:]]

from gradtui.command.cli import main  # noqa: E402 - in this order, as it is the program

main()
