"""The torch evaluation service: child processes that answer Requests with Snapshots."""
