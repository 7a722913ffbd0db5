"""Model cards: ours can be read, a user's own stand in for them, and a wrong one says which field is wrong."""

from pathlib import Path

import pytest

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.tactics.card_files import all_cards, cards_folders, find_card, load_card, shipped_cards_folder
from lean_sidekick.tactics.cards import Architecture, Precision

GOOD = """
adapter = "bfs-prover"
architecture = "decoder"
hub = "someone/some-prover"
licence = "MIT"
precision = "bf16"
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def test_our_own_cards_can_all_be_read() -> None:
    cards, problems = all_cards([shipped_cards_folder()])
    assert problems == ()
    assert {"reprover", "bfs-prover-v2-7b"} <= {card.name for card in cards}
    assert all(card.licence and card.parameters and card.download_mb and card.hub for card in cards)


def test_a_card_says_little_and_the_adapter_the_rest(card: Path) -> None:
    found = load_card(card)
    assert (found.name, found.revision, found.precision) == ("mine", "main", Precision.BF16)
    assert found.context_tokens == 4_096
    assert found.way_to_decode == found.prompts.traits.decoding
    assert found.prompt_room == 4_096 - found.way_to_decode.max_new_tokens


def test_a_card_may_decode_another_way(card: Path) -> None:
    card.write_text(GOOD + '[decoding]\nstrategy = "beam"\ncandidate_count = 4\ntemperatures = [1, 0.5]\n')
    decoding = load_card(card).way_to_decode
    assert (decoding.strategy, decoding.candidate_count, decoding.temperatures) == (Strategy.BEAM, 4, (1.0, 0.5))


def test_a_folder_is_relative_to_its_card(card: Path) -> None:
    card.write_text(GOOD.replace('hub = "someone/some-prover"', 'folder = "weights"'))
    assert load_card(card).folder == card.parent / "weights"


def test_a_users_card_stands_in_for_ours(card: Path) -> None:
    card.rename(card.with_name("reprover.toml"))
    found = find_card("reprover", cards_folders(str(card.parent)))
    assert found.hub == "someone/some-prover"


def test_a_name_with_a_slip_gets_a_hint() -> None:
    with pytest.raises(ConfigError, match="did you mean reprover"):
        find_card("reprovr", cards_folders())


def test_one_wrong_card_does_not_hide_the_others(card: Path) -> None:
    card.with_name("wrong.toml").write_text("adapter = 1", encoding="utf-8")
    cards, problems = all_cards([card.parent])
    assert [found.name for found in cards] == ["mine"]
    assert len(problems) == 1 and "wrong.toml" in problems[0]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('"bfs-prover"', '"unheard-of"'), "`adapter` must be one of reprover, "),
        (('adapter = "bfs-prover"', ""), "`adapter` is missing"),
        (
            ('"decoder"', '"transformer"'),
            "`architecture` must be one of encoder-decoder, decoder, encoder, reranker, not",
        ),
        (('"bf16"', "16"), "`precision` must be one of fp32, "),
        (('"MIT"', '""'), "`licence` must be a text"),
        (("someone/some-prover", "some-prover"), "`hub` must be a name such as owner/model"),
        (('hub = "someone/some-prover"', ""), "`hub` or `folder` must say where the model is"),
        (('"MIT"', '"MIT"\ncontext_tokens = "many"'), "`context_tokens` must be a whole number from 1 to"),
        (('"MIT"', '"MIT"\ncontext_tokens = true'), "`context_tokens` must be a whole number"),
        (('"MIT"', '"MIT"\nlicense = "MIT"'), "`license` is no field of a card"),
        (('"bf16"', '"bf16"\n[decoding]\ntemperature = 1'), "`decoding.temperature` is no field"),
        (('"bf16"', '"bf16"\n[decoding]\ntop_p = 2'), "`decoding.top_p` must be a number from 0.01 to 1"),
        (('"bf16"', '"bf16"\n[decoding]\ntemperatures = ["hot"]'), r"`decoding.temperatures\[0\]` must be a number"),
        (('"bf16"', '"bf16"\n[[figures]]\nbenchmark = "x"'), r"`figures\[0\].value` is missing"),
        (('"bf16"', '"bf16"\nfigures = 3'), "`figures` must be a list of tables"),
        (('"bf16"', '"bf16'), "is not valid TOML"),
    ],
)
def test_a_wrong_card_gets_a_sentence_that_names_the_field(card: Path, change: tuple[str, str], named: str) -> None:
    card.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=named) as raised:
        load_card(card)
    assert str(card) in str(raised.value)


def test_an_encoder_has_no_prompts(card: Path) -> None:
    card.write_text(GOOD.replace('"decoder"', '"encoder"').replace('adapter = "bfs-prover"', ""))
    encoder = load_card(card)
    assert encoder.architecture is Architecture.ENCODER
    with pytest.raises(ConfigError, match="writes no texts"):
        _ = encoder.prompts


def test_samples_are_shared_out_over_the_temperatures() -> None:
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=5, max_new_tokens=8, temperatures=(0.7, 1.0))
    assert decoding.shares() == ((0.7, 3), (1.0, 2))
