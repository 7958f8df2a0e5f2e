"""The .gradtui file: a Snapshot on disk. Plain data in and out; no torch, no screen."""
