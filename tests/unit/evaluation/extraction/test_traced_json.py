"""Traced files keep everything over a round through JSON, and damaged lines are refused with their place."""

import json

import pytest

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.evaluation.extraction.traced import (
    SourcePoint,
    TracedFile,
    TracedStep,
    TracedTheorem,
    UsedPremise,
)
from lean_sidekick.evaluation.extraction.traced_json import from_json, to_json

PREMISE = UsedPremise(
    full_name="Nat.add_comm",
    start=SourcePoint(2, 7),
    end=SourcePoint(2, 19),
    defined_in="Init/Core.lean",
    defined_at=SourcePoint(4, 9),
    defined_end=SourcePoint(4, 17),
)
FILE = TracedFile(
    premises=CorpusFile(
        path="A/B.lean",
        module="A.B",
        imports=("Init",),
        premises=(
            Premise(
                full_name="t",
                kind="theorem",
                statement="(a b : Nat) : a + b = b + a",
                start=Position(0, 0),
                attributes=("simp",),
                uses=("Nat.add_comm",),
            ),
        ),
    ),
    theorems=(
        TracedTheorem(
            full_name="t",
            path="A/B.lean",
            start=SourcePoint(1, 1),
            end=SourcePoint(2, 19),
            statement="theorem t (a b : Nat) : a + b = b + a",
            steps=(
                TracedStep(
                    tactic="exact Nat.add_comm a b",
                    start=SourcePoint(2, 3),
                    end=SourcePoint(2, 25),
                    state_before="a b : Nat\n⊢ a + b = b + a",
                    state_after="no goals",
                    premises=(PREMISE,),
                ),
            ),
            uses=("Nat.add_comm",),
            is_complete=True,
        ),
    ),
    error=None,
)


def test_a_file_is_the_same_after_a_round_through_json():
    text = to_json(FILE)
    assert "\n" not in text
    assert from_json(text, "x") == FILE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"error": 3}, "3 is no str"),
        ({"theorems": [{"full_name": "t"}]}, "it has no `path`"),
        ({"more": 1}, "more"),
        ({"premises": {"path": "A", "module": "A", "premises": [{"full_name": None}]}}, "None is no str"),
    ],
)
def test_a_damaged_line_is_refused_with_its_place(change, reason):
    with pytest.raises(InputError, match=r"steps\.jsonl, line 3: no traced file") as caught:
        from_json(json.dumps(json.loads(to_json(FILE)) | change), "steps.jsonl, line 3")
    assert reason in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(InputError, match="x: no traced file"):
        from_json(text, "x")
