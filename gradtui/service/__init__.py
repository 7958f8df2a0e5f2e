"""The torch evaluation service: child processes that answer Requests with Snapshots. torch stays in the worker; no widgets.

Bounds of memory: `worker` sets that of the address space, `memory_guard` watches a child and what it started, and of a
person's own code `gradtui.engine.user` tells what was too much."""
