"""`python program.py SOCKET ARGUMENTS`: `gradtui ARGUMENTS`, its child processes being relays to that socket."""

import sys
from pathlib import Path

from gradtui.service.client import Service

address = sys.argv.pop(1)
relay = (sys.executable, "-I", "-S", str(Path(__file__).with_name("relay.py")), address)
defaults = Service.__init__.__kwdefaults__ or {}
assert {"torch", "calculus"} <= defaults.keys()
defaults.update(torch=(*relay, "torch"), calculus=(*relay, "calculus"))

from gradtui.command.cli import main  # noqa: E402 - in this order, as it is the program

main()
