"""The file of a user as a module."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradtui.engine.tensors.dtype_and_device import RefusalError
from gradtui.engine.user.module import UserModule


@pytest.mark.skipif(os.name != "posix", reason="no pipes and devices by name")
def test_a_file_that_is_none_any_more(tmp_path: Path) -> None:
    """While the screen is open it may become anything: it is told, not waited for."""
    path = tmp_path / "one.py"
    path.write_text("def loss(x): return x")
    module = UserModule(path)
    assert hasattr(module.load(), "loss")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RefusalError, match="it is a pipe"):
        module.load()
    path.unlink()
    path.write_text("def other(x): return x")
    assert hasattr(module.load(), "other")


@pytest.mark.skipif(os.name != "posix", reason="no pipes and devices by name")
def test_an_endless_file(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.symlink_to("/dev/zero")
    with pytest.raises(RefusalError, match=r"/dev/zero cannot be read: it is a device, not a file"):
        UserModule(path).load()
