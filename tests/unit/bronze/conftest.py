import os

import pytest


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on what reaches the disk, so do not wait for it."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
