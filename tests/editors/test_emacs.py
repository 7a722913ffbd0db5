"""The server in a real Emacs: with Eglot a suggestion, a completed proof and its undoing; with lsp-mode a suggestion.

Both are set up by the lines of the user guide. The server answers from the recording of the same texts.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from editors.headless import HERE, ROOT, run_editor

pytestmark = [pytest.mark.editor, pytest.mark.timeout(180)]


def set_up_of_the_guide(begin: str) -> str:
    """The block of the user guide that begins so, with the server of these tests."""
    guide = (ROOT / "docs/user-guide.md").read_text(encoding="utf-8")
    lines = begin + guide.partition("```elisp\n" + begin)[2].partition("```")[0]
    named = '"lean-sidekick" "serve"'
    assert named in lines
    return lines.replace(named, f'{json.dumps(sys.executable)} "-m" "editors.server" "serve"')


def run_emacs(folder: Path, script: str, set_up: str) -> dict[str, Any]:
    """What the function of `emacs.el` saw; the folder holds its files."""
    program = shutil.which("emacs")
    assert program is not None, "Emacs is not on the PATH: install it with eglot and lsp-mode to run this test."
    (folder / "set-up.el").write_text(set_up, encoding="utf-8")
    command = [program, "--batch", "--no-init-file", "--load", HERE / "emacs.el"]
    return run_editor(command, folder, {"TEST_SCRIPT": script})


def test_eglot_suggests_completes_and_takes_back(tmp_path: Path) -> None:
    """One run, since starting the editor and the server is what takes time."""
    found = run_emacs(tmp_path, "test-eglot", set_up_of_the_guide("(add-to-list 'eglot-server-programs"))
    assert found["title"] == "exact Or.inr hq — closes the goal"
    assert found["acted"] == "theorem weaken (p q : Prop) (hq : q) : p ∨ q := by\n  exact Or.inr hq\n"
    assert found["completed"].endswith(":= by\n  exact ⟨h.2.2, h.1⟩\n")
    assert found["undone"].endswith(":= by\n  sorry\n"), "one undo takes the proof back"


def test_lsp_mode_takes_a_suggestion(tmp_path: Path) -> None:
    found = run_emacs(tmp_path, "test-lsp-mode", set_up_of_the_guide("(lsp-register-client"))
    assert found["acted"] == "theorem weaken (p q : Prop) (hq : q) : p ∨ q := by\n  exact Or.inr hq\n"
