"""A search without premises names no lemma, from whatever source: else it would not tell what they are worth."""

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.engine.proposals import WithoutLemmas
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import default_generator, vocabulary_probes

LEMMA = Premise(full_name="mine", kind="theorem", statement="(n m : Nat) : n + m = m + n")


async def test_no_candidate_names_a_lemma() -> None:
    goal = parse_goal("a b c : Nat\nih : a = b\n⊢ a * (b + c) + 0 = c * a + b * a")
    request = TacticRequest(goal=goal, premises=(LEMMA,), known_tactics=frozenset(vocabulary_probes()))
    everything = {candidate.text for candidate in await default_generator().generate(request)}
    without = {candidate.text for candidate in await WithoutLemmas(inner=default_generator()).generate(request)}
    assert any("Nat.mul_comm" in text for text in everything), "the goal is one that lemmas are known for"
    assert not any("Nat.add" in text or "Nat.mul" in text or "mine" in text for text in without)
    assert "simp [ih]" in without and "induction a" in " ".join(without)
