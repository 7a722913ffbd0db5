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


ATTACHED = """
vim.cmd('edit act.lean')
vim.bo.filetype = 'lean'
local name
vim.wait(30000, function()
  for _, client in pairs(vim.lsp.buf_get_clients(0)) do
    name = client.initialized and client.name or nil
  end
  return name ~= nil
end, 20)
io.stdout:write('\\n' .. vim.fn.json_encode({ name = name }) .. '\\n')
vim.lsp.stop_client(vim.lsp.get_active_clients())
vim.cmd('qall!')
"""


def run_neovim(folder: Path, script: Path = HERE / "neovim.lua") -> dict[str, Any]:
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
        [program, *options, "-c", f"luafile {script}"],
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


def set_up_of_the_guide() -> str:
    """The lines for older Neovims in the user guide, with the server of these tests."""
    guide = (ROOT / "docs/user-guide.md").read_text(encoding="utf-8")
    lines = guide.partition("**Neovim 0.7 to 0.10**")[2].partition("```lua\n")[2].partition("```")[0]
    named = 'cmd = { "lean-sidekick", "serve" }'
    assert named in lines
    return lines.replace(named, "cmd = vim.fn.json_decode(vim.env.SERVER_COMMAND)")


@pytest.mark.timeout(180)
def test_the_set_up_of_the_user_guide(tmp_path: Path) -> None:
    """What the guide tells people to write attaches the server to a Lean file."""
    (tmp_path / "set_up.lua").write_text(set_up_of_the_guide() + ATTACHED, encoding="utf-8")
    assert run_neovim(tmp_path, tmp_path / "set_up.lua") == {"name": "lean_sidekick"}


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
