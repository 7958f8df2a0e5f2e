"""What holds for all tests."""

from __future__ import annotations

import signal

# A job that a script starts with & is told to pass SIGINT over, and so would be every program that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
