"""The trace of a search: what was written is read back, damage is said in one sentence, a cut-off end is no damage."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.core.errors import InputError
from lean_sidekick.search.options import SearchKind
from lean_sidekick.search.trace import BatchRun, Event, SearchBegan, SearchEnded, event_line, read_logs
from support.made_up_logic import Attempt, Rules

RULES: Rules = {"start": {"split": ("left", "right"), "again": ("start",)}, "left": {"a": ()}, "right": {"b": ("c",)}}
BEGAN = SearchBegan(declaration="t", kind="mcts", seconds=1.0, merges_states=True)


async def events(kind: SearchKind) -> list[Event]:
    attempt = Attempt(kind, RULES, {"split": -1.0, "again": -1.5, "a": -1.0, "b": -2.0})
    await attempt.run()
    return [BEGAN, *attempt.trace.events]


@pytest.mark.parametrize("kind", SearchKind, ids=lambda kind: kind.value)
async def test_a_trace_says_what_happened(kind: SearchKind) -> None:
    happened = await events(kind)
    (log,) = read_logs([event_line(event) + "\n" for event in happened], "t.jsonl")
    assert [node.goals for node in log.nodes.values()] == [("⊢ start",), ("⊢ left",), ("⊢ right",), ("⊢ c",)]
    assert log.nodes[0].is_root and not log.nodes[1].is_root
    assert log.batches == [event for event in happened if isinstance(event, BatchRun)]
    (first, *_) = log.batches
    assert {run.text: (run.outcome, run.children) for run in first.candidates} == {
        "split": ("progress", (1, 2)),
        "again": ("progress", None),
        "a": ("failed", None),
        "b": ("failed", None),
    }
    assert next(run.note for run in first.candidates if run.text == "again").startswith("leads in a circle")
    assert {number: end.is_proved for number, end in log.ended.items()} == {0: False, 1: True, 2: False, 3: False}
    (end,) = log.end
    assert (end.status, end.proof, end.partial) == ("nothing left to try", None, "split\n· a\n· sorry")


async def test_several_searches_stand_in_one_trace_and_the_last_may_be_cut_off() -> None:
    lines = [event_line(event) + "\n" for event in await events(SearchKind.BEST_FIRST)]
    cut = [*lines, *lines[:4], lines[4][:20]]
    first, second = read_logs(cut, "t.jsonl")
    assert len(first.end) == 1
    assert second.end == [] and len(second.nodes) >= 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "holds no search"),
        ("{}\n", "line 1 cannot be read"),
        ("not json\n", "line 1 cannot be read"),
        ('{"event": "node", "node": "x"}\n', "line 1 cannot be read"),
        (event_line(SearchEnded(status="", seconds=0, checks=0, expanded=0, proof=None, partial=None)), "begin as one"),
        (event_line(BEGAN).replace('"format": 1', '"format": 99'), "another version"),
    ],
)
def test_what_is_no_trace_gets_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_logs(text.splitlines(keepends=True), "t.jsonl")


@given(st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=30), max_size=5))
def test_reading_never_fails_in_another_way(lines: list[str]) -> None:
    with suppress(InputError):
        read_logs([line + "\n" for line in lines], "t.jsonl")
