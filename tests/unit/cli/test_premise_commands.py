"""`index`, `premises` and `serve-premises` from a shell, on a project without any Lean: all comes from its sources."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lean_sidekick.cli import app
from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.corpus import read_corpus
from lean_sidekick.settings.paths import user_settings_file
from support.stand_in_worker import COMMAND

LEMMAS = """prelude
import Other
/-- Swaps the summands. -/
@[simp] theorem my_add_comm (a b : Nat) : a + b = b + a := sorry
theorem my_mul_comm (a b : Nat) : a * b = b * a := sorry
"""


def name_encoder(name: str) -> None:
    """Sets it in the user's own file."""
    user_settings_file().parent.mkdir(parents=True, exist_ok=True)
    user_settings_file().write_text(f'[premises]\nencoder = "{name}"\n')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has all that it imports; its index is the test's own, and no encoder is used unasked."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    name_encoder("")
    monkeypatch.setenv("PATH", str(tmp_path))  # no Lean, whatever the machine has
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "lakefile.toml").write_text("")
    (folder / "Init.lean").write_text("prelude\n")
    (folder / "Lemmas.lean").write_text(LEMMAS)
    (folder / "Other.lean").write_text("prelude\ntheorem other : True := trivial\n")
    monkeypatch.chdir(folder)
    return folder


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_project_is_indexed_asked_and_refreshed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["index", "--json"]) == ExitStatus.DONE
    said = rows(capsys.readouterr().out)
    assert {"added": 3, "kept": 0, "removed": 0, "premises": 3, "skipped": 0}.items() <= said[-1].items()
    assert said[-2]["done"] == said[-2]["total"] == 3
    assert app.run(["index"]) == ExitStatus.DONE
    assert capsys.readouterr().out == "0 modules read with 0 premises, 3 unchanged, 0 gone, 0 left out.\n"

    assert app.run(["premises", "add_com", "--json"]) == ExitStatus.DONE
    first = rows(capsys.readouterr().out)[0]
    assert (first["name"], first["statement"]) == ("my_add_comm", "(a b : Nat) : a + b = b + a")
    assert (first["doc"], first["attributes"], first["line"]) == ("Swaps the summands.", ["simp"], 3)
    assert first["uri"] == (project / "Lemmas.lean").as_uri()
    assert {"ranker": "name", "rank": 1, "shared": []} in first["reasons"]

    assert app.run(["premises", "_ * _ = _"]) == ExitStatus.DONE
    assert capsys.readouterr().out.startswith("my_mul_comm (a b : Nat) : a * b = b * a\n")
    assert app.run(["premises", "xyzzy"]) == ExitStatus.INCOMPLETE
    assert "Nothing was found." in capsys.readouterr().err


def test_what_cannot_be_read_is_named_and_the_rest_indexed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "Broken.lean").write_text("prelude\nimport Gone\n")
    assert app.run(["index"]) == ExitStatus.INCOMPLETE
    said = capsys.readouterr()
    assert "Left out: Gone: it is not built, and its source was not found" in said.err
    assert said.out.startswith("4 modules read with 3 premises")


def test_the_corpus_of_leandojo_goes_out_and_in(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one project exports is the package of another; its own modules come from its sources."""
    corpus = tmp_path / "corpus.jsonl"
    assert app.run(["index", "--export", str(corpus)]) == ExitStatus.DONE
    files = {file.module: file for file in read_corpus(corpus, lambda skipped: None)}
    assert {name: len(file.premises) for name, file in files.items()} == {"Init": 0, "Lemmas": 2, "Other": 1}
    assert files["Lemmas"].imports == ("Other",) and files["Lemmas"].premises[0].attributes == ("simp",)

    corpus.write_text(corpus.read_text() + "no JSON\n")
    second = tmp_path / "second"
    second.mkdir()
    (second / "lakefile.toml").write_text('name = "second"\n')
    (second / "Init.lean").write_text("prelude\n")
    (second / "Other.lean").write_text("prelude\ntheorem of_second : True := trivial\n")
    monkeypatch.chdir(second)
    capsys.readouterr()
    assert app.run(["index", "--corpus", str(corpus)]) == ExitStatus.INCOMPLETE
    assert "line 4: it is no JSON" in capsys.readouterr().err
    assert app.run(["premises", "my_add_comm", "--json"]) == ExitStatus.DONE
    assert rows(capsys.readouterr().out)[0]["module"] == "Lemmas"
    assert app.run(["premises", "other", "--json"]) == ExitStatus.INCOMPLETE


def test_what_is_asked_wrongly_is_one_sentence(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, sentence in (
        (["premises", "  "], "Give TEXT"),
        (["index", "nowhere"], "nowhere does not exist."),
        (["index", "--corpus", "nowhere.jsonl"], "nowhere.jsonl"),
        (["index", "--export", "no/such/folder/corpus.jsonl"], "cannot be written"),
    ):
        assert app.run(arguments) == ExitStatus.WRONG_USE
        assert sentence in capsys.readouterr().err


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model process is the real one's loop on a stand-in, whose vectors are of length two."""

    def client(on_note: Callable[[str], None], limits: WorkerLimits) -> WorkerClient:
        return WorkerClient(on_note, limits, COMMAND)

    monkeypatch.setattr("lean_sidekick.cli.index.WorkerClient", client)
    monkeypatch.setattr("lean_sidekick.engine.session.WorkerClient", client)


@pytest.mark.usefixtures("stand_in")
def test_an_encoder_that_is_named_ranks_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name_encoder("some/model")
    assert app.run(["index", "--json"]) == ExitStatus.DONE
    said = rows(capsys.readouterr().out)
    assert {"vectors": 3, "vectors_total": 3} in said and {"vectors": 3, "trouble": ""}.items() <= said[-1].items()
    assert app.run(["index", "--json"]) == ExitStatus.DONE  # nothing is made twice
    assert rows(capsys.readouterr().out)[-1]["vectors"] == 0
    assert app.run(["premises", "swaps", "--json"]) == ExitStatus.DONE
    found = rows(capsys.readouterr().out)
    assert found[0]["name"] == "my_add_comm"
    assert {reason["ranker"] for one in found for reason in one["reasons"]} == {"lexical", "dense"}


@pytest.mark.usefixtures("stand_in")
def test_an_encoder_that_cannot_be_used_costs_nothing_but_its_ranking(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stand-in's memory runs out with a single text."""
    name_encoder("x/rows<=0")
    assert app.run(["index", "--setting", "premises.encoder=x/rows<=0"]) == ExitStatus.INCOMPLETE
    said = capsys.readouterr()
    assert said.out.startswith("3 modules read with 3 premises")
    assert "The index is there, but not all vectors were made: " in said.err
    assert app.run(["premises", "swaps"]) == ExitStatus.DONE
    said = capsys.readouterr()
    assert said.out.startswith("my_add_comm") and "dense" not in said.out
    assert said.err.count("Dense ranking is left out: the index has no vectors by this encoder yet") == 1
    name_encoder("/nowhere/model")
    assert app.run(["index"]) == ExitStatus.WRONG_USE
    assert "premises.encoder names /nowhere/model, and there is no such folder." in capsys.readouterr().err
    assert app.run(["premises", "swaps"]) == ExitStatus.DONE
    assert "there is no such folder" in capsys.readouterr().err
