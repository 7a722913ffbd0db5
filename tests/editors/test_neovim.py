"""The server in a real Neovim, over plain LSP: a suggestion taken by a code action, a proof completed and undone.

The server answers from the recording of the same texts.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.scenarios import editor_texts

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
pytestmark = pytest.mark.editor


def run_neovim(folder: Path) -> dict[str, Any]:
    """What the script saw; the folder holds its files."""
    program = shutil.which("nvim")
    assert program is not None, "Neovim is not on the PATH: install it to run this test."
    for name, text in editor_texts().items():
        (folder / f"{name}.lean").write_text(text.replace("$0", ""), encoding="utf-8")
    env = {
        **os.environ,
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "server"), str(ROOT / "tests")]),
        "SERVER_COMMAND": json.dumps([sys.executable, "-m", "editors.server", "serve"]),
    }
    options = ["--headless", "-u", "NONE", "-i", "NONE", "-n"]
    ended = subprocess.run(
        [program, *options, "-c", f"luafile {HERE / 'neovim.lua'}"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    assert lines, f"Neovim ended with {ended.returncode} and said: {ended.stdout}{ended.stderr}"
    found: dict[str, Any] = json.loads(lines[-1])
    logs = "".join(path.read_text() for path in folder.rglob("*.log"))
    assert "error" not in found, f"{found}\n{ended.stderr}\n{logs}"
    return found


@pytest.mark.timeout(180)
def test_a_suggestion_and_a_completed_proof(tmp_path: Path) -> None:
    """One run, since starting the editor and the server is what takes time."""
    found = run_neovim(tmp_path)
    assert found["title"] == "exact Or.inr hq — closes the goal"
    assert found["acted"] == "theorem weaken (p q : Prop) (hq : q) : p ∨ q := by\n  exact Or.inr hq"
    assert found["completed"]["result"]["status"] == "proved"
    assert found["completed"]["text"].endswith(":= by\n  exact ⟨h.2.2, h.1⟩")
    assert found["undone"].endswith(":= by\n  sorry"), "one undo takes the proof back"
    assert found["stopped"], "the server ends when the editor asks it to"
