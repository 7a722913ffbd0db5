"""Tests that need the model libraries; `make test-models` installs and runs them.

Without the libraries nothing here can be imported, so that nothing is collected, and `make test-models` fails.
"""

import importlib.util
import os
from pathlib import Path

import pytest

# Before any library is imported: nothing asks the hub.
os.environ["HF_HUB_OFFLINE"] = "1"

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    import torch

    # Tiny models are slower, not faster, on several cores.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def byt5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random ByT5."""
    from support.tiny_models import byt5

    return byt5(tmp_path_factory.mktemp("byt5"))


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random Qwen2."""
    from support.tiny_models import qwen

    return qwen(tmp_path_factory.mktemp("qwen"))
