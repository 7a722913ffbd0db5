"""A search teaches by the goals that it proved, and passes its trace on."""

from lean_sidekick.core.goals import Goal
from lean_sidekick.engine.search_lessons import Lesson, SearchLessons
from lean_sidekick.search.trace import BatchRun, CandidateRun, Event, NodeEnded, NodeMet, SearchBegan, SearchEnded


class Written:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def write(self, event: Event) -> None:
        self.events.append(event)


def run(text: str, outcome: str, children: tuple[int, ...] | None = None) -> CandidateRun:
    return CandidateRun(text=text, source="shape", score=-1.0, outcome=outcome, children=children)


def events(*, is_proved: bool) -> list[Event]:
    began = SearchBegan(declaration="t", kind="best-first", seconds=1, merges_states=True)
    nodes = [NodeMet(node=n, goals=(f"⊢ p{n}",), depth=n, cost=0, value=0, is_root=n == 0, checks=0) for n in range(3)]
    batches = [
        BatchRun(
            node=0,
            seconds=0.1,
            candidates=(run("simp", "failed"), run("left", "progress", (1,)), run("right", "progress", (2,))),
            waiting=0,
        ),
        BatchRun(node=2, seconds=0.1, candidates=(run("rfl", "failed"), run("trivial", "closed", ())), waiting=0),
        BatchRun(node=1, seconds=0.1, candidates=(run("omega", "failed"),), waiting=3),
    ]
    ends = [
        NodeEnded(node=n, is_proved=proved and is_proved, visits=0, value=0, waiting=0)
        for n, proved in ((0, True), (1, False), (2, True))
    ]
    end = SearchEnded(status="proved", seconds=1, checks=6, expanded=3, proof=None, partial=None)
    return [began, *nodes, *batches, *ends, end]


def lessons_of(written: list[Event]) -> tuple[dict[str, list[Lesson]], Written]:
    taught: dict[str, list[Lesson]] = {}
    inner = Written()

    def teach(goal: Goal, lessons: list[Lesson]) -> None:
        taught[goal.target] = lessons

    watching = SearchLessons(inner=inner, teach=teach)
    for event in written:
        watching.write(event)
    return taught, inner


def test_the_step_of_the_proof_is_taken_and_the_others_at_its_goal_are_not() -> None:
    taught, inner = lessons_of(events(is_proved=True))
    assert taught == {
        "p0": [("simp", -1.0, False), ("left", -1.0, False), ("right", -1.0, True)],
        "p2": [("rfl", -1.0, False), ("trivial", -1.0, True)],
    }
    assert inner.events == events(is_proved=True)


def test_goals_without_a_proof_teach_nothing() -> None:
    assert lessons_of(events(is_proved=False))[0] == {}


def test_a_search_that_was_cut_off_teaches_nothing_and_harms_not_the_next() -> None:
    cut, whole = events(is_proved=True)[:-1], events(is_proved=True)
    assert lessons_of(cut)[0] == {}
    assert lessons_of([*cut, *whole])[0] == lessons_of(whole)[0]
