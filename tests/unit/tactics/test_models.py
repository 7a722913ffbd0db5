"""From what a model says to candidates: scores, duplicates, whole proofs."""

from math import log

import pytest

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.errors import ProtocolError
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.tactics.api import Surroundings, TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import BEGINNING_COST, Answer, candidates_of, question_of
from lean_sidekick.tactics.openai_wire import read_answers, read_error, read_model_names
from lean_sidekick.tactics.prompts.registry import ADAPTERS

REQUEST = TacticRequest(goal=parse_goal("⊢ p"))
BFS = find_card("bfs-prover-v2-7b", cards_folders())


def said(text: str, log_probability: float | None = None, tokens: int = 4) -> Answer:
    return Answer(text=text, log_probability=log_probability, token_count=tokens)


def found(adapter: str, *answers: Answer) -> list[tuple[str, float]]:
    question = question_of(REQUEST, BFS)
    candidates = candidates_of(ADAPTERS[adapter], answers, question, Source.REMOTE)
    return [(candidate.text, candidate.score) for candidate in candidates]


def test_scores_are_normalised_as_the_adapter_says() -> None:
    assert found("bfs-prover", said("rfl", -2.0), said("simp", -1.0)) == [("simp", -0.5), ("rfl", -1.0)]


def test_of_equal_texts_the_best_one_stays() -> None:
    assert found("bfs-prover", said("rfl", -2.0), said(" rfl\n", -1.0)) == [("rfl", -0.5)]


def test_without_log_probabilities_agreement_ranks() -> None:
    assert found("bfs-prover", said("rfl"), said("simp"), said("simp"), said("")) == [
        ("simp", log(2 / 4)),
        ("rfl", log(1 / 4)),
    ]


def test_a_score_is_never_above_zero() -> None:
    assert found("bfs-prover", said("rfl", 0.0005)) == [("rfl", 0.0)]


def test_beginnings_of_a_proof_stand_behind_the_proof() -> None:
    proof = said("```lean4\ntheorem goal_here : p := by\n  intro h\n  exact h\n```", -4.0)
    assert found("kimina-prover", proof) == [("intro h\nexact h", -1.0), ("intro h", -1.0 - BEGINNING_COST)]


def test_a_runaway_answer_is_no_candidate() -> None:
    assert found("bfs-prover", said("simp [" + "a, " * 2_000 + "a]", -1.0)) == []


def test_premises_are_for_models_that_read_them_the_retrieved_ones_first() -> None:
    above = tuple(Premise(full_name=f"above{n}", kind="theorem", statement=": p") for n in range(3))
    retrieved = (Premise(full_name="found", kind="theorem", statement=": p"),)
    real = find_card("real-prover", cards_folders())
    request = TacticRequest(goal=REQUEST.goal, premises=above)
    assert question_of(request, BFS).premises == ()
    assert [p.full_name for p in question_of(request, real).premises] == ["above2", "above1", "above0"]
    request = TacticRequest(goal=REQUEST.goal, premises=above, retrieved=retrieved)
    assert [p.full_name for p in question_of(request, real).premises] == ["found", "above2"]


def test_a_lemma_that_is_found_twice_stands_once() -> None:
    premise = Premise(full_name="both", kind="theorem", statement=": p")
    request = TacticRequest(goal=REQUEST.goal, premises=(premise,), retrieved=(premise,))
    assert question_of(request, find_card("reprover-premises", cards_folders())).premises == (premise,)


def test_a_question_has_what_stands_around() -> None:
    around = Surroundings(text_above="import A", statement="theorem t : p", declaration="N.t", steps=("intro h",))
    question = question_of(TacticRequest(goal=REQUEST.goal, surroundings=around, is_root=True), BFS)
    assert (question.text_above, question.statement, question.declaration) == ("import A", "theorem t : p", "N.t")
    assert (question.steps, question.is_root) == (("intro h",), True)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"3", b'{"choices": null}', b'{"choices": [3]}', b'{"choices": [{}]}', b"[" * 9_999]
)
def test_what_is_no_answer_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_answers(data, is_chat=False)


@pytest.mark.parametrize(
    "logprobs",
    [
        "null",
        "[]",
        "{}",
        '{"token_logprobs": [null, -1]}',
        '{"token_logprobs": ["x"]}',
        '{"content": [3]}',
        "9",
        '{"token_logprobs": [-Infinity]}',
    ],
)
def test_odd_log_probabilities_count_as_none(logprobs: str) -> None:
    (answer,) = read_answers(f'{{"choices": [{{"text": "rfl", "logprobs": {logprobs}}}]}}'.encode(), is_chat=False)
    assert (answer.text, answer.log_probability) == ("rfl", None)


def test_a_chat_answer_without_content_is_empty() -> None:
    """A reasoning model that spent its limit on thinking has no content."""
    (answer,) = read_answers(b'{"choices": [{"message": {"content": null, "reasoning": "hm"}}]}', is_chat=True)
    assert answer.text == ""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'{"error": {"message": "too\\nlong"}}', "too long"),
        (b'{"detail": "no such model"}', "no such model"),
        (b'{"error": "plain"}', "plain"),
        (b'{"error": {"message": 3}}', ""),
        (b"<html>", ""),
    ],
)
def test_what_a_server_complains_of(data: bytes, text: str) -> None:
    assert read_error(data) == text


def test_names_of_models() -> None:
    assert read_model_names(b'{"data": [{"id": "a"}, 3, {"id": 4}, {"id": "b"}]}') == ("a", "b")
    assert read_model_names(b'{"models": []}') == ()
