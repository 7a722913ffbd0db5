"""Goals of finished proofs are read from what Lean has, and from nothing else."""

import pytest

from lean_sidekick.core.finished_proofs import FinishedProof, finished_proofs
from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.shadow import Limits, ShadowVerifier
from support.fake_documents import FakeServer, at

URI = "file:///p/A.lean"
ABOVE = "#eval 1\ntheorem t : True := by\n  trivial\n"
TEXT = ABOVE + "\ntheorem u : True := by\n  sorry\n"
SHOWN = TEXT.replace("#eval 1", "       ")


def verifier(*diagnostics: Diagnostic) -> ShadowVerifier:
    server = FakeServer(lambda text: diagnostics)
    return ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(allow_programs=False, keep_commands=False, allowed_axioms=frozenset(), allow_listed_models=False),
        limits=Limits(batch_size=8, heartbeats=1000, candidate_s=1, opening_s=1),
    )


def proof() -> FinishedProof:
    return finished_proofs(TEXT, len(ABOVE))[0]


async def opened(shown: str, *diagnostics: Diagnostic) -> ShadowVerifier:
    made = verifier(*diagnostics)
    await made.elaborate(URI, shown, 1.0, above="")
    return made


async def test_the_goal_before_each_step_is_read_without_an_edit() -> None:
    made = await opened(SHOWN)
    document = made.open_document(URI)
    assert document is not None
    version = document.version
    goals = await made.goals_before_steps(URI, TEXT, proof())
    assert goals is not None
    assert [goal.text for goal in goals if goal is not None] == ["⊢ True"]
    assert (document.version, document.text) == (version, SHOWN)


@pytest.mark.parametrize(
    "shown",
    [
        SHOWN[: len(ABOVE) - 1],  # Lean has not come past the proof
        SHOWN.replace("trivial", "exact trivial"),  # another text
        TEXT,  # commands that run programs are blanked in what is ours
    ],
)
async def test_another_text_is_not_asked_about(shown: str) -> None:
    made = await opened(shown)
    assert await made.goals_before_steps(URI, TEXT, proof()) is None


async def test_a_file_that_is_not_open_is_not_opened() -> None:
    made = verifier()
    assert await made.goals_before_steps(URI, TEXT, proof()) is None
    assert made.open_document(URI) is None


async def test_a_proof_with_an_error_teaches_nothing() -> None:
    made = await opened(SHOWN, at(2, "unsolved goals"))
    assert await made.goals_before_steps(URI, TEXT, proof()) is None
    made = await opened(SHOWN, at(5, "unsolved goals"))  # an error below it does no harm
    assert await made.goals_before_steps(URI, TEXT, proof()) is not None
