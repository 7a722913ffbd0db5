"""`extract` beside Leans of other years: each takes other spellings, says things in other words, sends them in another
order. What is written must be the same.

No such Lean runs here. What each of them refuses is taken from its sources; the row of 2021 is what a real one refused.
"""

import json
import os
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import define, frozen

from lean_sidekick.cli import app
from lean_sidekick.evaluation.extraction.lean_text import trace_parts
from lean_sidekick.settings.paths import APP_NAME
from support.scripted_servers import SUPPORT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are started through their first line")

WARNING = "set_option warningAsError"
RAW_POSITION = "String.Pos.Raw"
EXCEPTION = "e.toMessageData"
LAZY_TREES = "substituteLazy"
MAIN_MODULE = "(mainModule := name)"
ALLOWED = "enableInitializersExecution"
PARTIAL_CONTEXT = "PartialContextInfo"
DEPRECATION_ENTRY = "entry.newName?"


@frozen(kw_only=True)
class Generation:
    """A Lean as extraction sees it: what of our text it does not know, and how its server sends what it says."""

    version: str
    protocol: str = "0.3.0"
    refuses: tuple[str, ...] = ()
    scenario: str = "Extraction"

    @property
    def release(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))


GENERATIONS = {
    "July 2021": Generation(
        version="4.0.0",
        protocol="0.0.1",
        refuses=(
            WARNING,
            "| Name.str _ s => some s",
            "getSimpTheorems",
            "Meta.isInstance name",
            "findDocString? (← getEnv)",
            DEPRECATION_ENTRY,
            "some (some newer)",
            RAW_POSITION,
            "place.byteIdx",
            PARTIAL_CONTEXT,
            EXCEPTION,
            LAZY_TREES,
            ALLOWED,
        ),
    ),
    "4.0": Generation(
        version="4.0.0",
        protocol="0.1.2",
        refuses=(RAW_POSITION, PARTIAL_CONTEXT, EXCEPTION, LAZY_TREES, MAIN_MODULE, DEPRECATION_ENTRY),
    ),
    "4.9": Generation(version="4.9.0", refuses=(RAW_POSITION, EXCEPTION, LAZY_TREES, MAIN_MODULE, DEPRECATION_ENTRY)),
    "4.19, parallel": Generation(version="4.19.0", refuses=(RAW_POSITION, EXCEPTION, MAIN_MODULE)),
    "4.22, late": Generation(version="4.22.0", refuses=(RAW_POSITION, EXCEPTION), scenario="ExtractionLate"),
    "4.28, backticks": Generation(version="4.28.0", refuses=(EXCEPTION,)),
    "4.31, in pieces": Generation(version="4.31.0", refuses=(EXCEPTION,), scenario="ExtractionInPieces"),
    "today": Generation(version="4.34.0"),
}
FILES = {
    "N/A.lean": "theorem a (n : Nat) : n = n := by rfl\ntheorem open_end : True := by sorry\n",
    "N/B.lean": "module\npublic import N.A\nmeta import N.A\npublic section\ntheorem b (n : Nat) : n = n := by rfl\n",
    "N/C.lean": "import Missing\n",
    "N/D.lean": "import Unbuilt\n",
    "P/E.lean": "prelude\nimport all Init.Core\ntheorem e (n : Nat) : n = n := by rfl\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "lean-toolchain").write_text("scripted\n")
    return folder


@define
class Extract:
    """The command beside a scripted Lean of a generation; `log` has what that Lean was sent."""

    folder: Path
    _monkeypatch: pytest.MonkeyPatch
    _capsys: pytest.CaptureFixture[str]

    def __call__(self, generation: Generation, place: Path, *more: str) -> tuple[int, list[dict[str, Any]], str]:
        (self.folder / "log.jsonl").unlink(missing_ok=True)
        self._write(
            "lean", f'#!/bin/sh\nexec {sys.executable} {SUPPORT / "scripted_lean.py"} {generation.scenario} "$@"\n'
        )
        for name, value in (
            ("VERSION", generation.version),
            ("PROTOCOL", generation.protocol),
            ("REFUSED", json.dumps(generation.refuses)),
            ("LOG", str(self.folder / "log.jsonl")),
        ):
            self._monkeypatch.setenv(f"SCRIPTED_LEAN_{name}", value)
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        arguments = ["extract", str(place), "--lean", str(self.folder / "bin" / "lean"), "--out", str(out)]
        self._capsys.readouterr()
        status = app.run([*arguments, "--own-corpus", "--workers", "1", "--json", *more])
        said = self._capsys.readouterr()
        return status, [json.loads(line) for line in said.out.splitlines()], said.err

    def add_lake(self, scenario: str) -> None:
        stand_in = (SUPPORT / "stand_in_lake.py").read_text(encoding="utf-8")
        self._write("lake", f"#!{sys.executable}\n{stand_in}")  # Lake names itself to its workers
        server = [sys.executable, str(SUPPORT / "scripted_lean.py"), scenario]
        self._monkeypatch.setenv("STAND_IN_LAKE_SERVER", json.dumps(server))
        self._monkeypatch.setenv("STAND_IN_LAKE_LOG", str(self.folder / "lake.jsonl"))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def sent(self, method: str) -> list[dict[str, Any]]:
        return [entry["params"] for entry in self._log if entry.get("method") == method]

    @property
    def started(self) -> list[str]:
        return next(entry["started"] for entry in self._log if "started" in entry)

    @property
    def lake_calls(self) -> list[list[str]]:
        lines = (self.folder / "lake.jsonl").read_text(encoding="utf-8").splitlines()
        return [[call["command"], *call["arguments"]] for call in map(json.loads, lines)]

    @property
    def taken_text(self) -> str:
        """Our text as this Lean took it in the end, put together from the edits."""
        document = self.sent("textDocument/didOpen")[0]["textDocument"]
        lines = document["text"]
        uri = document["uri"]
        for change in self.sent("textDocument/didChange"):
            if change["textDocument"]["uri"] == uri:
                for edit in change["contentChanges"]:
                    assert "range" in edit, "a whole-text edit makes the Lean of 2021 begin anew"
                    lines = _edited(lines, edit)
        return str(lines)

    @property
    def _log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]

    def _write(self, name: str, text: str) -> None:
        program = self.folder / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)


def _edited(text: str, edit: dict[str, Any]) -> str:
    lines = text.split("\n")

    def offset(place: dict[str, int]) -> int:
        before = sum(len(line) + 1 for line in lines[: place["line"]])
        line = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
        return before + len(line.decode("utf-16-le"))

    return text[: offset(edit["range"]["start"])] + str(edit["text"]) + text[offset(edit["range"]["end"]) :]


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Extract:
    settings = tmp_path / "config" / APP_NAME / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("lean.sandbox = false\n")  # the scripted Lean is no toolchain that one could show inside
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Extract(tmp_path / "toolchain", monkeypatch, capsys)


def theorems(folder: Path) -> dict[str, Any]:
    return {
        row["full_name"]: [(step["tactic"], step["state_before"]) for step in row["traced_tactics"]]
        for side in ("train", "val", "test")
        for row in json.loads((folder / "random" / f"{side}.json").read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize("generation", GENERATIONS.values(), ids=GENERATIONS)
def test_every_lean_gives_the_same_steps(generation: Generation, project: Path, extract: Extract) -> None:
    status, rows, complained = extract(generation, project)
    assert status == 1, complained
    look_at_results(generation, rows, extract.out)
    look_at_spellings(generation, extract.taken_text)
    look_at_what_was_sent(generation, project, extract)


def look_at_results(generation: Generation, rows: list[dict[str, Any]], out: Path) -> None:
    """A sorry and a missing import are understood in the words of this Lean."""
    *files, report = rows
    assert {row["file"]: row["complete"] for row in files} == {
        "N/A.lean": 1,  # the other one has a sorry
        "N/B.lean": 1,
        "N/C.lean": 0,
        "N/D.lean": 0,
        "P/E.lean": 1,
    }
    assert theorems(out) == {name: [("rfl", f"n : Nat\n⊢ {name[2:]}")] for name in ("N.a", "N.b", "N.e")}
    package = "unknown package" if generation.release < (4, 9) else "unknown module prefix"
    assert {row["file"]: row["error"] for row in files if row["error"]} == {
        "N/C.lean": f"The imports of N/C.lean cannot be loaded ({package} 'Missing'); build the project first.",
        "N/D.lean": "The imports of N/D.lean cannot be loaded (object file '/nowhere/Unbuilt.olean' of module Unbuilt "
        "does not exist); build the project first.",
    }
    assert report["report"]["files"] == 5
    corpus = [json.loads(line) for line in (out / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    [module] = [file for file in corpus if file["path"] == "N/B.lean"]
    assert module["imports"] == ["N/A.lean"], "imported twice, written once"


def look_at_spellings(generation: Generation, text: str) -> None:
    """Every part of our text ends in the likeliest spelling that this Lean takes."""
    assert not [refused for refused in generation.refuses if refused in text]
    for part in trace_parts():
        likely = [one for one in part.spellings if not any(refused in one for refused in generation.refuses)]
        assert likely[0] in text
    is_early = generation.protocol == "0.0.1"
    assert (ALLOWED in text) != is_early, "or a Lean with modules loads no imports a second time"
    assert ("`Elab.async false" in text) and ("`Elab.inServer true" in text)


def look_at_what_was_sent(generation: Generation, project: Path, extract: Extract) -> None:
    """No delay, nothing built, one document for all files; see the table of gates."""
    assert ("-Dserver.reportDelayMs=0" in extract.started) == (generation.release >= (4, 9))
    [initialize] = extract.sent("initialize")
    assert initialize["initializationOptions"]["editDelay"] == 0
    opened = extract.sent("textDocument/didOpen")
    assert {one["dependencyBuildMode"] for one in opened} == {"never"}
    assert [one["textDocument"]["uri"] for one in opened] == [(project / "LeanSidekickExtraction.lean").as_uri()]
    assert {one["textDocument"]["text"].partition("\n")[0] for one in opened} == {"import Lean"}


def lake_project(folder: Path, packages: Sequence[str]) -> None:
    (folder / "lakefile.toml").write_text('name = "n"\n[[lean_lib]]\nname = "N"\n')
    (folder / "lean-toolchain").write_text("leanprover/lean4:v4.34.0\n")
    entries = [
        {"name": name, "type": "git", "url": "https://example.invalid/x", "rev": "a" * 40} for name in ("mathlib",)
    ]
    manifest = {"version": "1.1.0", "packagesDir": ".lake/packages", "packages": entries}
    (folder / "lake-manifest.json").write_text(json.dumps(manifest))
    for name in packages:
        source = folder / ".lake" / "packages" / name / "Mathlib" / "Logic.lean"
        source.parent.mkdir(parents=True)
        source.write_text("module\n\npublic section\n\ntheorem known (p : Prop) : p → p := id\n")
        (folder / ".lake" / "packages" / name / "lakefile.lean").write_text("import Lake\n")
    (folder / ".lake" / "build" / "lib" / "lean" / "N").mkdir(parents=True)
    (folder / ".lake" / "build" / "lib" / "lean" / "N" / "A.olean").write_bytes(b"")
    (folder / "N" / "B.lean").write_text(
        "module\n\npublic import N.A\nimport all Mathlib.Logic\n\npublic section\n\ntheorem b : True := by rfl\n"
    )


def test_a_project_of_lake_with_packages_and_modules(project: Path, extract: Extract) -> None:
    """Through `lake serve`, nothing built; packages are in the corpus from their sources and in no split."""
    lake_project(project, ["mathlib"])
    extract.add_lake("ExtractionByLake")
    generation = GENERATIONS["today"]
    _, rows, complained = extract(generation, project / "N" / "B.lean")
    assert [row["file"] for row in rows[:-1]] == ["N/B.lean"], complained
    assert rows[0]["error"] is None
    assert extract.lake_calls[0][:2] == ["serve", "--"]
    set_up = [call for call in extract.lake_calls if call[0] == "setup-file"]
    assert set_up and all(call[-1] == "--no-build" for call in set_up)
    assert all(call[1] == str(project / "N" / "B.lean") for call in set_up)
    assert list(theorems(extract.out)) == ["N.b"]


def test_packages_that_are_missing_are_said_before_anything_is_asked(project: Path, extract: Extract) -> None:
    lake_project(project, [])
    extract.add_lake("ExtractionByLake")
    status, rows, complained = extract(GENERATIONS["today"], project)
    assert (status, rows) == (2, [])
    assert complained.count("\n") == 1 and "`mathlib`" in complained and "lake build" in complained
    assert not (extract.folder / "lake.jsonl").exists(), "Lake would clone them"
