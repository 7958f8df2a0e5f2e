"""The .gradtui file: a Snapshot or a Run on disk. Plain data in and out; no torch, no screen."""
