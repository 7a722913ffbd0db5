"""`suggest`, `prove` and `demo` from the shell, answered from recordings of a real Lean."""

import json
from pathlib import Path

import pytest

from lean_sidekick.cli import app, engines, prove
from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import TextEdit
from lean_sidekick.engine.api import DocumentText
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.recorded import RecordedVerifier
from lean_sidekick.verify.recording import read_recording
from support.scenarios import SCENARIOS

RECORDING = Path(__file__).parents[2] / "recordings" / "scenarios.jsonl"
TEXTS = {scenario.name: scenario.text for scenario in SCENARIOS}
BULLET = TEXTS["a hole under a bullet"]


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine answers from the recording."""
    recording = read_recording(RECORDING)

    def open_recorded(root: Path, settings: Settings) -> ProjectEngine:
        async def start() -> Verifier:
            return RecordedVerifier(recording)

        return engine_on(start, settings)

    monkeypatch.setattr(engines, "open_engine", open_recorded)


def lean_file(folder: Path, marked: str) -> tuple[Path, str]:
    """Writes the text of a scenario; gives the file and the place of its cursor."""
    offset = marked.index("$0")
    before = marked[:offset]
    path = folder / "Proof.lean"
    path.write_text(marked.replace("$0", ""), encoding="utf-8")
    return path, f"{path}:{before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"


def test_suggestions_come_best_first_with_their_effect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, place = lean_file(tmp_path, TEXTS["a sorry tactic"])
    assert app.run(["suggest", place, "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0] == "exact ⟨hp, hq⟩    -- closes the goal"


def test_a_suggestion_of_several_lines_stands_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It can be copied as it is, and where it ends can be seen."""
    _, place = lean_file(tmp_path, TEXTS["a proof that takes two steps"])
    assert app.run(["suggest", place, "-n", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "subst h",
        "cases hp with",
        "| inl hp1 => exact Or.inr hp1",
        "| inr hp1 => exact Or.inl hp1    -- closes the goal",
        "",
        "subst h    -- 1 goal left: ⊢ p (n + 1) ∨ p n",
    ]


def test_suggestions_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, place = lean_file(tmp_path, TEXTS["an unfinished block with two goals"])
    assert app.run(["suggest", place, "--json"]) == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["tactic"] == "exact hp"
    assert first["confirmed"] is True
    assert len(first["goals"]) == 1 and first["goals"][0].endswith("⊢ q")


def test_a_proof_is_shown_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = lean_file(tmp_path, BULLET)
    before = path.read_bytes()
    assert app.run(["prove", str(path)]) == 0
    assert "    · exact Or.inl hp\n" in capsys.readouterr().out
    assert path.read_bytes() == before


def test_a_proof_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = lean_file(tmp_path, BULLET)
    assert app.run(["prove", str(path), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    result = json.loads(line)
    assert list(result) == [
        "declaration",
        "status",
        "proof",
        "axioms",
        "seconds",
        "checks",
        "message",
        "opening_seconds",
        "found_seconds",
        "partial",
    ]
    assert (result["declaration"], result["status"]) == ("a", "proved")
    assert result["proof"] == "constructor\n· exact Or.inl hp\n· exact hr"


def test_a_trace_is_written_and_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = lean_file(tmp_path, BULLET)
    trace = tmp_path / "trace.jsonl"
    assert app.run(["prove", str(path), "--trace", str(trace), "--search", "best-first"]) == 0
    assert app.run(["show", str(trace)]) == 0
    assert "Or.inl hp" in (tmp_path / "trace.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert app.run(["prove", str(path), "--trace", str(tmp_path / "no" / "folder")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_write_puts_the_proof_into_the_file(tmp_path: Path) -> None:
    path, _ = lean_file(tmp_path, BULLET)
    path.chmod(0o640)
    assert app.run(["prove", str(path), "--write"]) == 0
    assert path.read_text(encoding="utf-8") == BULLET.replace("$0sorry", "exact Or.inl hp")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["Proof.lean"]


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "Proof.lean"
    path.write_text("new", encoding="utf-8")
    document = DocumentText(uri=path.as_uri(), version=1, text="old")
    with pytest.raises(InputError, match="changed meanwhile"):
        prove.write_proofs(path, document, [TextEdit(start=0, end=3, new_text="x")])
    assert path.read_text(encoding="utf-8") == "new"


def test_a_proof_that_rests_on_a_sorry_is_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, _ = lean_file(tmp_path, TEXTS["the proof would need a sorry of somebody else"])
    assert app.run(["prove", str(path), "--decl", "a", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["status"] == "proved_with_sorry"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["suggest", "{}:1:1"], "in the statement of a"),
        (["suggest", "{}:99:1"], "there is no line 99"),
        (["suggest", "{}:1:999"], "there is no column 999"),
        (["suggest", "{}"], "write FILE:LINE:COL"),
        (["suggest", "{}x:1:1"], "There is no file"),
        (["prove", "{}x"], "There is no file"),
        (["prove", "{}", "--decl", "nothing"], "nothing"),
    ],
)
def test_bad_input_gets_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    path, _ = lean_file(tmp_path, TEXTS["a sorry tactic"])
    assert app.run([argument.format(path) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.count("\n") == 1


def test_a_file_that_does_not_parse_has_nothing_to_prove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Garbage.lean"
    path.write_text(")))) theoremm ⟨ := by by /- never closed\nsorry", encoding="utf-8")
    assert app.run(["prove", str(path)]) == 0
    assert "Nothing to prove" in capsys.readouterr().err
    assert app.run(["suggest", f"{path}:1:3"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_demo_answers_from_its_recording_and_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert app.run(["demo"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("No Lean was found: the answers are those that Lean 4.0.0")
    assert "closes the goal" in out
    last = out.splitlines()[-1]
    proved, total = last.split()[0], last.split()[2]
    assert proved == total and int(total) >= 10
