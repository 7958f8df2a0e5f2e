"""The screen on a whole run: loss and modules by update, the numbers of one update, findings; it follows a file that grows.

Nothing is evaluated. The places of the panes: `run.tcss`; their colours stand in each."""
