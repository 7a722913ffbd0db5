"""Extraction on a real Lean: the steps of a small project are what a person would write down, a kill changes nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lean_sidekick.engine.session import find_lean, start_server
from lean_sidekick.evaluation.extraction.replay import Replayed, Replayer
from lean_sidekick.evaluation.extraction.run import FileTracers
from lean_sidekick.evaluation.extraction.targets import Target, project_targets
from lean_sidekick.evaluation.extraction.traced import SourcePoint, TracedFile
from lean_sidekick.evaluation.extraction.tracer import FileTracer, TraceResult
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.sources import Sources
from lean_sidekick.settings.settings import Settings
from support.lean_text import lean

pytestmark = pytest.mark.live

TEXT = lean(
    """
    namespace Demo
    /-- Doc. -/
    @[simp] theorem zero_add' (n : Nat) : 0 + n = n := by
      induction n with
      | zero => rfl
      | succ n ih => rw [Nat.add_succ, ih]

    private theorem hidden (a b : Nat) : a + b = b + a := by
      have h : b + a = a + b := by
        exact Nat.add_comm b a
      exact h.symm

    theorem row (p q : Prop) (h : p ∧ q) : q ∧ p := by
      cases h; constructor <;> assumption

    theorem picked (p q : Prop) (h : p) : p ∨ q := by
      first
        | assumption
        | exact Or.inl h

    instance one : Inhabited (Fin 1) where
      default := ⟨0, by decide⟩

    theorem later (a b : Nat) : a + b = b + a := hidden a b

    variable {α : Type} (r : α → α → Prop)
    example (h : ∀ x, r x x) (x : α) : r x x := by exact h x

    theorem broken : 1 + 1 = 3 := by
      exact rfl

    theorem admitted : 1 + 1 = 3 := by
      admit
    end Demo
    """
)


@asynccontextmanager
async def opened(root: Path, real_lean: Path) -> AsyncIterator[tuple[FileTracer, Sources, Settings]]:
    (root / "leanpkg.toml").write_text('[package]\nname = "Demo"\nversion = "0.1"\n')
    settings = Settings(lean_path=str(real_lean), lean_sandbox=False)
    sources = Sources(find_project(root), await find_lean(root, settings), os.environ)
    async with FileTracers(sources=sources, settings=settings).open(0) as tracer:
        yield tracer, sources, settings


async def trace(root: Path, real_lean: Path, *texts: str) -> list[TraceResult]:
    for number, text in enumerate(texts):
        (root / f"F{number}.lean").write_text(text)
    async with opened(root, real_lean) as (tracer, sources, _):
        return [await tracer.run(target) for target in project_targets(sources, root).read()]


def steps(file: TracedFile, name: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    [theorem] = [theorem for theorem in file.theorems if theorem.full_name == name]
    return [
        (
            step.tactic.partition("\n")[0],
            step.state_before,
            step.state_after,
            tuple(premise.full_name for premise in step.premises),
        )
        for step in theorem.steps
    ]


async def test_the_steps_of_a_file_are_what_a_person_would_write_down(real_lean: Path, tmp_path: Path) -> None:
    [result] = await trace(tmp_path, real_lean, TEXT)
    file = result.file
    assert file.error is None
    assert {one.full_name: one.is_complete for one in file.theorems} == {
        "Demo.zero_add'": True,
        "Demo.hidden": True,
        "Demo.row": True,
        "Demo.picked": True,
        "Demo.one": True,
        "Demo.later": True,
        "_example": True,
        "Demo.broken": False,
        "Demo.admitted": False,
    }
    case_succ = "case succ\nn : Nat\nih : 0 + n = n\n⊢ 0 + Nat.succ n = Nat.succ n"
    assert steps(file, "Demo.zero_add'") == [
        ("induction n with", "n : Nat\n⊢ 0 + n = n", "no goals", ("Nat.add_succ",)),
        ("rfl", "case zero\n⊢ 0 + Nat.zero = Nat.zero", "no goals", ()),
        ("rw [Nat.add_succ, ih]", case_succ, "no goals", ("Nat.add_succ",)),
    ]
    goal = "a b : Nat\n⊢ a + b = b + a"
    with_h = "a b : Nat\nh : b + a = a + b\n⊢ a + b = b + a"
    assert steps(file, "Demo.hidden") == [
        ("have h : b + a = a + b := by", goal, with_h, ("Nat.add_comm",)),
        ("exact Nat.add_comm b a", "a b : Nat\n⊢ b + a = a + b", "no goals", ("Nat.add_comm",)),
        ("exact h.symm", with_h, "no goals", ("Eq.symm",)),
    ]
    assert [found[0] for found in steps(file, "Demo.row")] == ["cases h", "constructor <;> assumption"]
    assert [found[0] for found in steps(file, "Demo.picked")] == ["first", "exact Or.inl h"], "the other was undone"
    assert [found[:3] for found in steps(file, "_example")] == [
        ("exact h x", "α : Type\nr : α → α → Prop\nh : ∀ (x : α), r x x\nx : α\n⊢ r x x", "no goals")
    ]
    assert steps(file, "Demo.later") == []


async def test_names_lead_to_their_declarations(real_lean: Path, tmp_path: Path) -> None:
    uses = "import Init\ntheorem mine (p : Prop) (h : p) : p := h\ntheorem t (p : Prop) (h : p) : p := by\n  exact mine p h\n"
    [result] = await trace(tmp_path, real_lean, uses)
    [mine] = result.file.theorems[1].steps[0].premises
    assert (mine.full_name, mine.defined_in) == ("mine", "F0.lean")
    assert (mine.start, mine.end) == (SourcePoint(4, 9), SourcePoint(4, 13))
    assert (mine.defined_at, mine.defined_end) == (SourcePoint(2, 9), SourcePoint(2, 13))
    assert result.file.theorems[1].uses == ("mine",)
    assert {premise.full_name for premise in result.file.premises.premises} == {"mine", "t"}


async def test_a_file_of_leans_own_library_and_one_that_cannot_be_loaded(real_lean: Path, tmp_path: Path) -> None:
    """A `prelude` file sees its own imports alone, not what our document imports."""
    prelude = "prelude\nimport Init.Core\ntheorem own (p : Prop) (h : p) : p := by exact h\n"
    results = await trace(tmp_path, real_lean, prelude, "import No.Such\n", "theorem t : True := by trivial\n")
    assert [result.file.error for result in results][::2] == [None, None]
    assert "The imports of F1.lean cannot be loaded (" in str(results[1].file.error)
    assert "build the project first" in str(results[1].file.error)
    assert results[0].file.theorems[0].is_complete
    assert results[0].file.premises.imports == ("Init.Core",)


async def test_every_step_can_be_run_again(real_lean: Path, tmp_path: Path) -> None:
    (tmp_path / "F0.lean").write_text(TEXT)
    async with opened(tmp_path, real_lean) as (tracer, sources, settings):
        [target] = project_targets(sources, tmp_path).read()
        file = (await tracer.run(target)).file
        server = await start_server(tmp_path, settings)
        replayer = Replayer(server=server)
        try:
            for theorem in file.theorems:
                for step in theorem.steps if theorem.is_complete else ():
                    uri = (tmp_path / "F0.lean").as_uri()
                    found = await replayer.run(uri, target.text, theorem, step)
                    assert found.outcome is Replayed.SAME, (step.tactic, found.seen)
        finally:
            await replayer.close()
            await server.close()


async def test_a_worker_that_is_killed_costs_one_file_at_most(real_lean: Path, tmp_path: Path) -> None:
    import psutil

    text = "theorem t : True := by trivial\n"
    async with opened(tmp_path, real_lean) as (tracer, _, _):
        targets = [Target(path=f"F{n}.lean", module=f"F{n}", text=text) for n in range(3)]
        assert (await tracer.run(targets[0])).file.error is None
        running = asyncio.create_task(tracer.run(targets[1]))
        for process in psutil.Process().children(recursive=True):
            if "--worker" in process.cmdline():
                process.kill()
        assert (await running).file.error is None, "asked again in a new worker"
        assert (await tracer.run(targets[2])).file.error is None
