"""Running a real editor without a screen, in a folder of its own that holds the texts of the editor tests."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.scenarios import editor_texts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run_editor(command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """What the editor's script saw: the JSON object on the last line that it prints. The folder is its home too."""
    for name, text in editor_texts().items():
        (folder / f"{name}.lean").write_text(text.replace("$0", ""), encoding="utf-8")
    env = {
        **os.environ,
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT / "tests")]),
        **variables,
    }
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=150, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert lines, f"{command[0]} ended with {ended.returncode} and said: {ended.stdout}{ended.stderr}"
    found: dict[str, Any] = json.loads(lines[-1])
    logs = "".join(path.read_text() for path in folder.rglob("*.log"))
    assert "error" not in found, f"{found}\n{ended.stderr}\n{logs}"
    return found
