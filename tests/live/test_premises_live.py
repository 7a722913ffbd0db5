"""The environment dump on a real Lean: the text elaborates, and what it says is true of the core library."""

import os
from pathlib import Path

import pytest

from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.engine.session import find_lean
from lean_sidekick.lean.launch import Limits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.project_corpus import CorpusProgress, ProjectCorpus
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.settings import Settings
from support.lean_text import lean

pytestmark = pytest.mark.live


async def read(root: Path, real_lean: Path) -> tuple[list[CorpusFile], list[Skipped], list[CorpusProgress]]:
    project = find_project(root)
    toolchain = await find_lean(root, Settings(lean_path=str(real_lean)))
    server = LeanServer(project, toolchain, Limits())
    skipped: list[Skipped] = []
    progress: list[CorpusProgress] = []
    try:
        corpus = ProjectCorpus(
            sources=Sources(project, toolchain, os.environ),
            server=server,
            on_skipped=skipped.append,
            on_progress=progress.append,
        )
        return [file async for file in corpus.read()], skipped, progress
    finally:
        await server.close()


async def test_the_core_library_and_a_file_that_is_not_built(real_lean: Path, tmp_path: Path) -> None:
    (tmp_path / "lean-toolchain").write_text("lean4\n")
    text = """
        open Nat in
        @[simp] theorem mine (n : Nat) : succ n ≠ 0 := by
          intro h
          cases h
        """
    (tmp_path / "Mine.lean").write_text(lean(text))
    files, skipped, progress = await read(tmp_path, real_lean)
    assert skipped == []
    assert not any(file.module == "Lean" or file.module.startswith("Lean.") for file in files), "nobody imports it"
    assert progress[-1].done == progress[-1].total == len(files)
    premises: dict[str, Premise] = {premise.full_name: premise for file in files for premise in file.premises}

    comm = premises["Nat.add_comm"]
    assert (comm.kind, comm.module) == ("theorem", "Init.Data.Nat.Basic")
    assert comm.statement in ("(n m : Nat) : n + m = m + n", ": ∀ (n m : Nat), n + m = m + n")
    assert comm.start is not None and comm.end is not None and comm.start < comm.end
    assert comm.constants is not None and {"Nat", "Eq", "HAdd.hAdd"} <= set(comm.constants)
    assert comm.uses
    assert "simp" in premises["Nat.add_zero"].attributes
    assert premises["Nat"].kind == "inductive" and premises["Monad"].kind == "class"
    assert premises["Nat.succ"].kind == "constructor" and premises["propext"].kind == "axiom"
    assert any(premise.kind == "instance" for premise in premises.values())
    assert not any(name.startswith("_private") or ".match_" in name for name in premises)

    mine = premises["mine"]
    assert (mine.statement, mine.attributes, mine.module) == ("(n : Nat) : succ n ≠ 0", ("simp",), "Mine")
