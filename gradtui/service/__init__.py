"""The torch evaluation service: child processes that answer Requests with Snapshots. torch stays in the worker; no
widgets."""
