"""The server in a real Neovim, over plain LSP: a suggestion taken by a code action, a proof completed and undone.

The server answers from the recording of the same texts.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from editors.headless import HERE, ROOT, run_editor

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
    command = [program, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {script}"]
    server = json.dumps([sys.executable, "-m", "editors.server", "serve"])
    return run_editor(command, folder, {"SERVER_COMMAND": server})


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
