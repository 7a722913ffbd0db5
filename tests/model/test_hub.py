"""`models get`: a model got from a hub that is a process of this machine, and everything a hub can have against it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

from lean_sidekick.cli import app
from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.backends.loading import find_folder
from lean_sidekick.model_worker.messages import Device
from lean_sidekick.settings import paths
from lean_sidekick.tactics.card_files import load_card
from lean_sidekick.tactics.hub import is_here
from lean_sidekick.tactics.transformer import spec_of
from support.hub_server import COMMIT, FILES, MODEL, WITHOUT_WEIGHTS

pytestmark = pytest.mark.model

CARD = 'adapter = "reprover"\narchitecture = "encoder-decoder"\nlicence = "MIT"\nprecision = "fp32"\nhub = "{hub}"\n'


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "support.hub_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        text=True,
    )
    assert process.stdout is not None
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.communicate(timeout=10)


@pytest.fixture(autouse=True)
def _here(hub: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This hub, and new folders for what is got and for cards."""
    monkeypatch.setattr(paths, "config_folder", lambda: tmp_path / "config")
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub)
    template = hub + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def get(folder: Path, model: str) -> int:
    """Writes a card for a model and gets it."""
    path = folder / "config" / "models" / "tiny.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CARD.format(hub=model), encoding="utf-8")
    return app.run(["models", "get", "tiny", "--yes"])


def test_size_and_licence_are_said_first_and_no_means_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    get(tmp_path, "someone/nothing")
    capsys.readouterr()
    (tmp_path / "config" / "models" / "tiny.toml").write_text(CARD.format(hub=MODEL), encoding="utf-8")
    assert app.run(["models", "get", "tiny"]) == 1
    said = capsys.readouterr()
    assert (said.out, f"{MODEL}, commit {COMMIT[:12]}: 0 MB, licence mit." in said.err) == ("", True)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_what_is_got_lies_where_the_model_process_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert get(tmp_path, MODEL) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert not (folder / "pytorch_model.bin").exists()
    card = load_card(tmp_path / "config" / "models" / "tiny.toml")
    assert is_here(card)
    assert find_folder(spec_of(card, Device.CPU, None)) == folder


@pytest.mark.parametrize(
    ("model", "said"),
    [("someone/nothing", "The hub has no model someone/nothing"), (WITHOUT_WEIGHTS, "no weights as safetensors")],
)
def test_what_cannot_be_got_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, said: str
) -> None:
    assert get(tmp_path, model) == 1
    assert said in capsys.readouterr().err
    with pytest.raises(ModelUnavailable):
        find_folder(spec_of(load_card(tmp_path / "config" / "models" / "tiny.toml"), Device.CPU, None))


def test_a_hub_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert get(tmp_path, MODEL) == 1
    assert f"{MODEL} cannot be got from the hub" in capsys.readouterr().err
