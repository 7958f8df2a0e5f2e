"""`python start.py SOCKET ARGUMENTS`: `python ARGUMENTS` in a fork of the process at that socket."""

import os
import signal
import socket
import sys

connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGALRM, lambda *_: connection.send(b"%d" % signal.SIGALRM))
connection.connect("\0" + sys.argv[1])
told = [os.getcwd(), str(len(sys.argv) - 2), *sys.argv[2:], *(f"{name}={value}" for name, value in os.environ.items())]
socket.send_fds(connection, [os.fsencode("\0".join(told))], [0, 1, 2])
os.closerange(0, 3)
status = int(connection.recv(16) or -signal.SIGKILL)
if status >= 0:
    os._exit(status)
if -status not in (signal.SIGKILL, signal.SIGSTOP):
    signal.signal(-status, signal.SIG_DFL)
os.kill(os.getpid(), -status)
