"""`models`: cards shown, and what would be sent, to the letter."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lean_sidekick.cli import app, engines
from lean_sidekick.engine.engine import ProjectEngine
from lean_sidekick.engine.session import engine_on
from lean_sidekick.settings import paths
from lean_sidekick.settings.settings import Settings
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.recorded import RecordedVerifier
from lean_sidekick.verify.recording import read_recording
from support.model_server import ModelServer
from support.scenarios import SCENARIOS

RECORDING = Path(__file__).parents[2] / "recordings" / "scenarios.jsonl"
HOLE = next(scenario.text for scenario in SCENARIOS if scenario.name == "a sorry tactic")
CARD = 'adapter = "reprover"\narchitecture = "encoder-decoder"\nlicence = "MIT"\nprecision = "fp32"\nhub = "{hub}"\n'
KEY = "sk-secret-0123"


@pytest.fixture(autouse=True)
def _recorded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every engine answers from the recording, and the user's own folder is a new one."""
    recording = read_recording(RECORDING)

    def open_recorded(root: Path, settings: Settings) -> ProjectEngine:
        async def start() -> Verifier:
            return RecordedVerifier(recording)

        return engine_on(start, settings)

    monkeypatch.setattr(engines, "open_engine", open_recorded)
    monkeypatch.setattr(paths, "config_folder", lambda: tmp_path / "config")
    monkeypatch.chdir(tmp_path)


def write_settings(folder: Path, text: str) -> None:
    path = folder / "config" / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def hole(folder: Path) -> str:
    """A file with a hole, as a place."""
    path = folder / "Proof.lean"
    path.write_text(HOLE.replace("$0", ""), encoding="utf-8")
    return f"{path}:2:3"


def test_all_cards_are_listed_and_a_wrong_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    (folder / "mine.toml").write_text(CARD.format(hub="me/mine"), encoding="utf-8")
    (folder / "wrong.toml").write_text("adapter = 3", encoding="utf-8")
    write_settings(tmp_path, f"models.cards = {str(folder)!r}")
    assert app.run(["models", "list"]) == 1
    said = capsys.readouterr()
    assert {"mine", "reprover", "bfs-prover-v2-7b"} <= {line.split()[0] for line in said.out.splitlines()}
    assert "wrong.toml cannot be used: `architecture` is missing" in said.err


def test_one_card_with_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["models", "list", "reprover-premises"]) == 0
    assert "miniF2F-test     26.5 % (10 minutes, 64 beams; arXiv 2306.15626" in capsys.readouterr().out
    assert app.run(["models", "list", "reprover-premises", "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)
    assert (fields["adapter"], fields["licence"], fields["is_here"]) == ("reprover-premises", "MIT", False)


def test_a_card_that_is_not_there_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["models", "get", "reprovr"]) == 2
    assert "did you mean reprover" in capsys.readouterr().err


class TestPreview:
    """Exactly what is sent later, the key left out, and nothing sent now."""

    @pytest.fixture
    def server(self) -> Iterator[ModelServer]:
        server = ModelServer()
        server.set("ok")
        yield server
        server.close()

    def test_the_request_is_the_one_that_is_sent(
        self,
        server: ModelServer,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("LEAN_SIDEKICK_API_KEY", KEY)
        write_settings(
            tmp_path,
            f'[models.remote]\nendpoints = ["{server.address}"]\ncard = "bfs-prover-v2-7b"\nmodel = "m"\nsamples = 3\n',
        )
        place = hole(tmp_path)
        assert app.run(["models", "preview", place]) == 0
        shown = capsys.readouterr().out
        head, _, body = shown.partition("\n\n")
        assert head == (
            f"POST {server.address}/completions\nContent-Type: application/json\n"
            "Authorization: Bearer (the key in LEAN_SIDEKICK_API_KEY)"
        )
        assert json.loads(body)["prompt"] == "p q : Prop\nhp : p\nhq : q\n⊢ p ∧ q:::"
        assert KEY not in shown
        assert server.log() == []

    def test_nothing_configured_sends_nothing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert app.run(["models", "preview", hole(tmp_path)]) == 0
        said = capsys.readouterr()
        assert (said.out, "nothing would be sent" in said.err) == ("", True)

    def test_the_prompt_of_any_card(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert app.run(["models", "preview", hole(tmp_path), "--card", "kimina-prover-8b"]) == 0
        assert "theorem a (p q : Prop) (hp : p) (hq : q) : p ∧ q := by\n```" in capsys.readouterr().out

    def test_a_configuration_that_cannot_work_is_wrong_use(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_settings(tmp_path, '[models.remote]\nendpoints = ["http://gpu:1/v1"]\ncard = "reprover"\n')
        assert app.run(["models", "preview", hole(tmp_path)]) == 2
        assert "unprotected: use https" in capsys.readouterr().err
