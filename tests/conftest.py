"""What holds for all tests."""

from __future__ import annotations

import os
import signal
import tempfile

from hypothesis import settings

# A job that a script starts with & is told to pass SIGINT over, and so would be every program that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What is set and remembered of one run is no matter of the next, nor of whoever runs the tests.
os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="gradtui-tests-")
for name in [name for name in os.environ if name.startswith("GRADTUI_")]:
    del os.environ[name]

# The suite tries the same inputs each time; new ones are looked for by hand, with --hypothesis-profile=default.
settings.register_profile("the same", derandomize=True)
settings.load_profile("the same")
