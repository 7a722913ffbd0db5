"""The shadow verifier on a real Lean: a batch says what one-by-one checking says, whatever the candidates are."""

import json
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from attrs import evolve

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.holes import find_holes
from lean_sidekick.core.outcomes import OutcomeKind
from lean_sidekick.core.sites import ProofSite
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.merge import default_generator
from lean_sidekick.verify.api import FinalStatus
from lean_sidekick.verify.packing import errors_in, has_sentinel, shadow_text
from lean_sidekick.verify.shadow import ShadowVerifier
from support.hostile import HOSTILE

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

SITES = {
    "one hypothesis": "theorem a (p : Prop) (h : p) : p := by\n  admit\n",
    "two goals": "theorem a (p q : Prop) (h : p) (hq : q) : p ∧ q := by\n  apply And.intro\n  admit\n",
    "under a bullet": "theorem a (p q : Prop) (h : p) (hq : q) : p ∧ q := by\n  constructor\n  · admit\n  · exact hq\n",
    "in braces": "theorem a (p q : Prop) (h : p) (hq : q) : p ∧ q := by\n  constructor\n  { admit }\n  { exact hq }\n",
    "an alternative": (
        "theorem a (n : Nat) (h : n = n) : 0 + n = n := by\n  induction n with\n  | zero => rfl\n  | succ n ih => admit\n"
    ),
    "a case": "theorem a (p q : Prop) (h : p) (hq : q) : p ∧ q := by\n  constructor\n  case left => admit\n  case right => exact hq\n",
    "a have": "theorem a (p q : Prop) (h : p) : p := by\n  have x : p := by\n    admit\n  exact x\n",
    "a tactic block in a term": "theorem a (p q : Prop) (h : p) (hq : q) : p ∧ q :=\n  And.intro (by admit) hq\n",
    "a term": "theorem a (p : Prop) (h : p) : p :=\n  sorry\n",
    "a data goal": "def a (h : Nat) : Nat × Nat := by\n  admit\n",
    "metavariables": "theorem a (h : Nat) : ∃ x : Nat, x = h := by\n  apply Exists.intro\n  admit\n",
    "names outside the plane": "theorem 𝔸 (𝔭 : Prop) (h𝔭 : 𝔭) (h : 𝔭) : 𝔭 := by\n  admit\n",
}


@pytest_asyncio.fixture
async def verifier(real_lean: Path, tmp_path: Path) -> AsyncIterator[ShadowVerifier]:
    started = await start_shadow(real_lean, tmp_path)
    yield started
    await started.close()


async def start_shadow(lean: Path, folder: Path) -> ShadowVerifier:
    settings = Settings(lean_path=str(lean), candidate_time_limit_s=5.0)
    found = await start_verifier(folder, settings)
    inner = getattr(found, "inner", found)
    assert isinstance(inner, ShadowVerifier)
    return inner


def site_of(text: str, folder: Path) -> ProofSite:
    return find_holes(text, (folder / "Site.lean").as_uri(), 1)[0]


def as_candidates(texts: list[str] | tuple[str, ...]) -> list[Candidate]:
    return [Candidate(text=text, source=Source.PORTFOLIO, score=0.0) for text in texts]


def budget() -> Budget:
    return Budget(seconds=300, checks=100_000)


async def kinds(verifier: ShadowVerifier, site: ProofSite, texts: list[str], size: int) -> dict[str, OutcomeKind]:
    limits = verifier.limits
    verifier.limits = evolve(limits, batch_size=size)
    session = await verifier.open(site)
    try:
        return {c.candidate.text: c.outcome.kind async for c in session.check((), as_candidates(texts), budget())}
    finally:
        verifier.limits = limits


async def plainly_closes(verifier: ShadowVerifier, site: ProofSite, text: str) -> bool:
    """The candidate alone in the hole, nothing else in the text: no error and no sorry in the whole declaration."""
    packed = shadow_text(site, text, base=site.text)
    async with verifier.turn(site.uri):
        _, diagnostics = await verifier.elaborate(site.uri, packed.text, 10.0, above="")
    return has_sentinel(packed, diagnostics) and not errors_in(packed.declaration_lines, diagnostics)


def agree(batch: dict[str, OutcomeKind], single: dict[str, OutcomeKind]) -> list[str]:
    """What one way says and the other contradicts; a time-out says nothing."""
    return [
        f"{text[:60]!r}: {kind.value} in a batch, {single[text].value} alone"
        for text, kind in batch.items()
        if kind is not single[text] and OutcomeKind.TIMED_OUT not in (kind, single[text])
    ]


@pytest.mark.parametrize("name", SITES)
async def test_batch_and_single_agree_on_hostile_candidates(
    verifier: ShadowVerifier, tmp_path: Path, name: str
) -> None:
    site = site_of(SITES[name], tmp_path)
    batch = await kinds(verifier, site, list(HOSTILE), 32)
    assert len(batch) == len(HOSTILE), "one outcome each"
    single = await kinds(verifier, site, list(HOSTILE), 1)
    assert agree(batch, single) == []


@pytest.mark.parametrize("name", [name for name in SITES if name not in ("two goals", "metavariables")])
async def test_what_closes_in_a_batch_closes_in_the_file(verifier: ShadowVerifier, tmp_path: Path, name: str) -> None:
    site = site_of(SITES[name], tmp_path)
    for text, kind in (await kinds(verifier, site, list(HOSTILE), 32)).items():
        if kind is OutcomeKind.CLOSED:
            session = await verifier.open(site)
            confirmed = (await session.confirm(text, budget())).kind is OutcomeKind.CLOSED
            assert confirmed == await plainly_closes(verifier, site, text), text


async def test_one_endless_candidate_costs_its_batch_mates_nothing(verifier: ShadowVerifier, tmp_path: Path) -> None:
    text = "theorem a (p : Prop) (x y z : Nat) (hx : x = y) (hy : y = x) (h : p) : x + z = z ∧ p := by\n  admit\n"
    site = site_of(text, tmp_path)
    verifier.limits = evolve(verifier.limits, candidate_s=1.0)
    endless = "simp (config := { maxSteps := 1000000 }) [hx, hy]"
    texts = ["constructor", endless, "exact h", "apply And.intro", "exact ⟨rfl, h⟩"]
    found = await kinds(verifier, site, texts, 32)
    assert found.pop(endless) is OutcomeKind.TIMED_OUT
    assert found == {
        "constructor": OutcomeKind.PROGRESS,
        "apply And.intro": OutcomeKind.PROGRESS,
        "exact h": OutcomeKind.FAILED,
        "exact ⟨rfl, h⟩": OutcomeKind.FAILED,
    }
    assert (await kinds(verifier, site, ["constructor"], 1)) == {"constructor": OutcomeKind.PROGRESS}


FINAL = {
    "a theorem": ("theorem a (p : Prop) (h : p) : p := by\n  admit\n", "exact h", FinalStatus.ACCEPTED),
    "an example": ("example (p : Prop) (h : p) : p := by\n  admit\n", "exact h", FinalStatus.ACCEPTED),
    "a private theorem": ("private theorem a (p : Prop) (h : p) : p := by\n  admit\n", "exact h", FinalStatus.ACCEPTED),
    "in a namespace": (
        "namespace N\ntheorem a (p : Prop) (h : p) : p := by\n  admit\nend N\n",
        "exact h",
        FinalStatus.ACCEPTED,
    ),
    "an instance": ("instance : Inhabited Nat := by\n  admit\n", "exact ⟨0⟩", FinalStatus.ACCEPTED),
    "a wrong proof": ("theorem a (p q : Prop) (h : p) : q := by\n  admit\n", "exact h", FinalStatus.REFUSED),
    "an unfinished proof": (
        "theorem a (p : Prop) (h : p) : p ∧ p := by\n  admit\n",
        "constructor\nexact h",
        FinalStatus.REFUSED,
    ),
    "a proof by itself": ("theorem a (p : Prop) (h : p) : p := by\n  admit\n", "exact a p h", FinalStatus.REFUSED),
    "a classical proof": (
        "theorem a (p : Prop) : p ∨ ¬p := by\n  admit\n",
        "exact Classical.em p",
        FinalStatus.ACCEPTED,
    ),
    "somebody else's sorry": (
        "theorem b : 1 = 2 := sorry\ntheorem a : 1 = 2 := by\n  admit\n",
        "exact b",
        FinalStatus.ACCEPTED_WITH_SORRY,
    ),
    "a mutual theorem": (
        "mutual\ntheorem a (p : Prop) (h : p) : p := by\n  admit\ntheorem b (p : Prop) (h : p) : p := by\n"
        "  exact h\nend\n",
        "exact h",
        FinalStatus.ACCEPTED,
    ),
    "a mutual theorem by the other": (
        "mutual\ntheorem a (p : Prop) : p := by\n  admit\ntheorem b (p : Prop) : p := by\n  exact a p\nend\n",
        "exact b p",
        FinalStatus.REFUSED,
    ),
    "an axiom of the file": (
        "axiom b : 1 = 2\ntheorem a : 1 = 2 := by\n  admit\n",
        "exact b",
        FinalStatus.REFUSED,
    ),
}


@pytest.mark.parametrize("name", FINAL)
async def test_the_final_check(verifier: ShadowVerifier, tmp_path: Path, name: str) -> None:
    text, block, expected = FINAL[name]
    holes = find_holes(text, (tmp_path / "Site.lean").as_uri(), 1)
    hole = next(h for h in holes if text[h.start : h.end] == "admit")
    session = await verifier.open(hole)
    verdict = await session.final_check(block, budget())
    assert verdict.status is expected, verdict


async def test_an_axiom_that_the_settings_allow_is_accepted(verifier: ShadowVerifier, tmp_path: Path) -> None:
    text, block, _ = FINAL["an axiom of the file"]
    verifier.policy = evolve(verifier.policy, allowed_axioms=frozenset(["b"]))
    session = await verifier.open(site_of(text, tmp_path))
    verdict = await session.final_check(block, budget())
    assert (verdict.status, verdict.axioms) == (FinalStatus.ACCEPTED, ("b",))


async def test_batch_and_single_agree_on_the_statements_of_a_data_set(verifier: ShadowVerifier, tmp_path: Path) -> None:
    """With LEAN_SIDEKICK_DATA: the program's own candidates at every Nth statement of the development set."""
    folder = os.environ.get("LEAN_SIDEKICK_DATA")
    if not folder:
        pytest.skip("LEAN_SIDEKICK_DATA names no folder with core_exercises/core_dev.jsonl")
    lines = Path(folder, "core_exercises", "core_dev.jsonl").read_text(encoding="utf-8").splitlines()
    every = int(os.environ.get("SIDEKICK_EVERY", "12"))
    chance = random.Random(0)
    generator = default_generator()
    checks, wrong = 0, []
    for line in lines[::every]:
        site = site_of(json.loads(line)["statement"] + "\n", tmp_path)
        session = await verifier.open(site)
        found = await session.site_state(budget())
        candidates = await generator.generate(TacticRequest(goal=found.state.goals[0]))
        texts = [c.text for c in candidates] + chance.sample(HOSTILE, 10)
        texts = list(dict.fromkeys(texts))
        batch = await kinds(verifier, site, texts, 32)
        single = await kinds(verifier, site, texts, 1)
        checks += len(texts)
        wrong += [f"{site.declaration.name}: {difference}" for difference in agree(batch, single)]
    print(f"{checks} checks, {len(wrong)} contradicted")
    assert wrong == []
