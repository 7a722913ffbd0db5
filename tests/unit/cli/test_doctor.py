"""`doctor` on machines with and without the things it looks for, each made in a folder of the test's own."""

import asyncio
import json
from pathlib import Path

import pytest

from lean_sidekick.cli.app import run
from lean_sidekick.cli.doctor import Finding, Health, examine
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.steps import StepOrigin, TakenStep
from lean_sidekick.engine.session import LEARNED_FILE
from lean_sidekick.settings.paths import user_settings_file
from lean_sidekick.storage.learned import LearnedStore


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Machine":
    return Machine(tmp_path, monkeypatch)


class Machine:
    """An empty PATH, an empty home, a project folder; what is there is put there by the test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs = folder / "programs"
        self.project = folder / "project"
        self.programs.mkdir()
        self.project.mkdir()
        self.environment = {"PATH": str(self.programs), "HOME": str(folder), "ELAN_HOME": str(folder / "elan")}
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(self.project)

    def add_program(self, name: str, prints: str = "", status: int = 0) -> Path:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\necho '{prints}' >&2\necho '{prints}'\nexit {status}\n")
        path.chmod(0o755)
        return path

    def add_lean(self) -> Path:
        return self.add_program("lean", "Lean (version 4.9.0, x86_64-unknown-linux-gnu, commit abc, Release)")

    async def examine(self, lean_path: str | None = None) -> dict[str, Finding]:
        return {f.name: f for f in await examine(self.project, lean_path, self.environment)}


async def test_a_bare_machine_says_how_to_get_a_lean(machine: "Machine") -> None:
    found = await machine.examine()
    assert found["Lean"].health is Health.MISSING
    assert "elan" in found["Lean"].advice
    assert "bubblewrap was not found" in found["sandbox"].found
    assert found["Lean Sidekick"].health is Health.OK


async def test_what_is_there_is_named_with_its_place(machine: "Machine") -> None:
    lean, lake, bubblewrap = machine.add_lean(), machine.add_program("lake"), machine.add_program("bwrap")
    found = await machine.examine()
    assert found["Lean"].health is Health.OK
    assert f"4.9.0 at {lean}" in found["Lean"].found
    assert found["Lake"] == Finding("Lake", Health.OK, str(lake))
    assert f"bubblewrap at {bubblewrap}" in found["sandbox"].found
    assert found["sandbox"].health is Health.OK


async def test_a_sandbox_that_is_refused_or_switched_off(machine: "Machine") -> None:
    """Both leave Lean with all the rights of the user, and say so."""
    machine.add_program("bwrap", "bwrap: No permissions to create new namespace", status=1)
    found = (await machine.examine())["sandbox"]
    assert found.health is Health.NOTE
    assert "No permissions to create new namespace" in found.found
    assert "all your rights" in found.advice
    machine.add_program("bwrap")
    settings = user_settings_file()
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("lean.sandbox = false")
    found = (await machine.examine())["sandbox"]
    settings.unlink()
    assert found.health is Health.NOTE
    assert "switched off by lean.sandbox" in found.found


async def test_a_project_with_a_lakefile_needs_lake(machine: "Machine") -> None:
    machine.add_lean()
    assert (await machine.examine())["Lake"].health is Health.NOTE
    (machine.project / "lakefile.toml").touch()
    found = await machine.examine()
    assert found["Lake"].health is Health.MISSING
    assert found["Lake"].advice


async def test_packages_that_are_not_there(machine: "Machine") -> None:
    (machine.project / "lakefile.lean").touch()
    packages = [{"type": "git", "name": "mathlib", "rev": "abc", "url": "https://example.org/mathlib"}]
    manifest = {"version": 7, "packagesDir": ".lake/packages", "packages": packages}
    (machine.project / "lake-manifest.json").write_text(json.dumps(manifest))
    found = await machine.examine()
    assert found["packages"].health is Health.MISSING
    assert "mathlib" in found["packages"].found
    (machine.project / "lake-manifest.json").write_text("{")
    assert (await machine.examine())["packages"].health is Health.MISSING
    (machine.project / "lake-manifest.json").unlink()
    assert (await machine.examine())["packages"].health is Health.OK


async def test_warnings_about_settings_are_shown(machine: "Machine") -> None:
    (machine.project / ".lean-sidekick.toml").write_text("suggest.maxItems = 'many'")
    found = await machine.examine()
    assert "suggest.maxItems" in found["settings"].found
    assert "not there" in found["user settings"].found
    assert "not there" not in found["project settings"].found


async def test_a_lean_that_is_none(machine: "Machine") -> None:
    """A program of that name that says something else, or cannot start, is not taken for a Lean."""
    machine.add_program("lean", "hello")
    assert (await machine.examine())["Lean"].health is Health.MISSING
    assert (await machine.examine(str(machine.programs / "none")))["Lean"].health is Health.MISSING


def test_exit_statuses(machine: "Machine", capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 3
    machine.add_lean()
    assert run(["doctor"]) == 0
    (machine.project / "lakefile.toml").touch()
    assert run(["doctor"]) == 1


def test_plain_output_has_a_line_for_each_finding(machine: "Machine", capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor"])
    captured = capsys.readouterr()
    assert "missing  Lean              no usable Lean\n" in captured.out
    assert captured.err == ""


def test_json_is_one_object_a_line(machine: "Machine", capsys: pytest.CaptureFixture[str]) -> None:
    run(["doctor", "--json"])
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(o) == {"name", "health", "found", "advice"} for o in objects)
    assert {o["health"] for o in objects} <= {health.value for health in Health}
    assert [o["health"] for o in objects if o["name"] == "Lean"] == ["missing"]


def test_nothing_is_written(machine: "Machine") -> None:
    before = sorted(machine.project.parent.rglob("*"))
    run(["doctor"])
    assert sorted(machine.project.parent.rglob("*")) == before


def test_forget_takes_away_what_was_learned_and_does_nothing_else(
    machine: "Machine", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine.project.parent / "cache"
    monkeypatch.setattr("lean_sidekick.engine.session.cache_folder", lambda: folder)
    assert run(["doctor", "--forget"]) == 0
    assert not folder.exists()
    capsys.readouterr()

    async def learn() -> None:
        store = LearnedStore(path=folder / LEARNED_FILE)
        step = TakenStep(goal=parse_goal("⊢ True"), tactic="trivial", declaration="d", origin=StepOrigin.ACCEPTED)
        store.add("p", [step])
        await store.close()

    async def known() -> int:
        store = LearnedStore(path=folder / LEARNED_FILE)
        try:
            return len((await store.load("p")).steps)
        finally:
            await store.close()

    asyncio.run(learn())
    assert asyncio.run(known()) == 1
    assert run(["doctor", "--forget"]) == 0
    assert capsys.readouterr().out == "What was learned from your proofs is forgotten.\n"
    assert asyncio.run(known()) == 0


async def test_models_are_named_without_asking_or_loading_any(machine: "Machine") -> None:
    """The server that is named does not exist, and no weights lie on the machine."""
    assert "none is needed" in (await machine.examine())["models"].found
    file = user_settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(
            '[models]\nlocal = "reprover"\n[models.remote]\nendpoints = ["http://127.0.0.1:9/v1"]\ncard = "llmstep"\n'
        )
        machine.environment["LEAN_SIDEKICK_API_KEY"] = "sk-secret"
        found = await machine.examine()
        assert found["model"].health is Health.MISSING and "models get reprover" in found["model"].advice
        assert found["model server"].found == "llmstep at http://127.0.0.1:9/v1, with a key; not asked now"
        assert all("sk-secret" not in str(finding) for finding in found.values())
        file.write_text('[models.remote]\nendpoints = ["http://gpu:1/v1"]\ncard = "llmstep"\n')
        assert "unprotected: use https" in (await machine.examine())["models"].advice
    finally:
        file.unlink()


async def test_models_for_premises_are_looked_for_and_not_loaded(machine: "Machine") -> None:
    """Nothing about them where none is configured."""
    user_settings_file().parent.mkdir(parents=True, exist_ok=True)
    user_settings_file().write_text('[premises]\nencoder = ""\n')
    assert not {"encoder", "cross-encoder", "premise models"} & set(await machine.examine())
    folder = machine.project / "cross"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    said = f'[premises]\nencoder = "reprover-retriever"\nreranker = "{folder}"\n'
    user_settings_file().write_text(said)
    found = await machine.examine()
    assert found["encoder"].health is Health.MISSING and "models get" in found["encoder"].advice
    assert found["cross-encoder"].health is Health.OK
    user_settings_file().write_text(said.replace("reprover-retriever", "/nowhere/model"))
    assert "there is no such folder" in (await machine.examine())["premise models"].advice
