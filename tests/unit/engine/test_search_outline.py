"""The tree of a search in rows: of bounded size, the proof first, what was cut off included."""

from lean_sidekick.engine.search_outline import ItemKind, Outline, SearchOutline
from lean_sidekick.search.trace import BatchRun, CandidateRun, Event, NodeEnded, NodeMet, SearchBegan

BEGAN = SearchBegan(declaration="foo", kind="best-first", seconds=30.0, merges_states=True)


def met(node: int, target: str, cost: float = 0.0, *, is_root: bool = False) -> NodeMet:
    return NodeMet(node=node, goals=(f"⊢ {target}",), depth=0, cost=cost, value=0.5, is_root=is_root, checks=0)


def ran(node: int, *candidates: tuple[str, tuple[int, ...] | None], waiting: int = 0) -> BatchRun:
    return BatchRun(
        node=node,
        seconds=0.1,
        candidates=tuple(
            CandidateRun(text=text, source="shape", score=-1.0, outcome="any", children=children)
            for text, children in candidates
        ),
        waiting=waiting,
    )


def outline(*events: Event, limit: int = 100) -> Outline:
    trace = SearchOutline()
    for event in events:
        trace.write(event)
    return trace.outline(limit)


def drawn(tree: Outline) -> list[str]:
    """The rows, indented by what they stand under."""
    depths: dict[int | None, int] = {None: -1}
    lines = []
    for item in tree.items:
        depths[item.id] = depths[item.parent] + 1
        lines.append(f"{'  ' * depths[item.id]}{item.text} | {item.state.value} | {item.detail}")
    return lines


def test_the_proof_stands_first() -> None:
    tree = outline(
        BEGAN,
        met(0, "p ∧ q", is_root=True),
        met(1, "p", 1.0),
        met(2, "q", 1.0),
        met(3, "False", 0.5),
        ran(0, ("exfalso", (3,)), ("constructor", (1, 2)), ("omega", None)),
        ran(3, ("simp", None)),
        ran(1, ("exact hp", ())),
        ran(2, ("exact hq", ())),
        *(NodeEnded(node=n, is_proved=n != 3, visits=0, value=0.0, waiting=0) for n in range(4)),
    )
    assert tree.declaration == "foo" and tree.left_out == 0
    assert drawn(tree) == [
        "⊢ p ∧ q | proved | 3 run",
        "  constructor | proved | shape",
        "    ⊢ p | proved | 1 run",
        "      exact hp | proved | shape",
        "    ⊢ q | proved | 1 run",
        "      exact hq | proved | shape",
        "  exfalso | open | shape",
        "    ⊢ False | stuck | 1 run, nothing helped",
    ]


def test_a_search_that_was_cut_off_shows_what_its_tactics_proved() -> None:
    """No node was said to have ended; a goal whose tactic closed it is proved all the same."""
    tree = outline(
        BEGAN, met(0, "p ∧ q", is_root=True), met(1, "p"), met(2, "q"), ran(0, ("c", (1, 2))), ran(1, ("h", ()))
    )
    assert drawn(tree) == [
        "⊢ p ∧ q | open | 1 run",
        "  c | open | shape",
        "    ⊢ p | proved | 1 run",
        "      h | proved | shape",
        "    ⊢ q | untried | never tried",
    ]


def test_a_goal_that_two_tactics_lead_to_is_opened_once_and_circles_end() -> None:
    tree = outline(
        BEGAN,
        met(0, "p", is_root=True),
        met(1, "q"),
        ran(0, ("a", (1,)), ("b", (1,)), waiting=3),
        ran(1, ("back", (0,)), waiting=3),
    )
    assert drawn(tree) == [
        "⊢ p | open | 2 run",
        "  a | open | shape",
        "    ⊢ q | open | 1 run",
        "      back | open | shape",
        "        ⊢ p | open | the same as above",
        "  b | open | shape",
        "    ⊢ q | open | the same as above",
    ]


def test_a_large_search_is_cut_to_the_nearest_goals_and_the_proof() -> None:
    """The proof is deep and dear, a thousand other goals are near: the rows are bounded and hold the proof."""
    wide = [met(n, f"w{n}", 1.0) for n in range(100, 1100)]
    deep = [met(n, f"d{n}", 50.0) for n in range(1, 20)]
    chain = [ran(n, (f"t{n}", (n + 1,) if n < 19 else ())) for n in range(1, 20)]
    tree = outline(
        BEGAN,
        met(0, "root", is_root=True),
        *wide,
        *deep,
        ran(0, ("t0", (1,)), *((f"x{node.node}", (node.node,)) for node in wide)),
        *chain,
        limit=100,
    )
    assert len(tree.items) <= 100
    assert tree.left_out == 1020 - sum(item.kind is ItemKind.GOAL for item in tree.items)
    assert {f"t{n}" for n in range(20)} <= {item.text for item in tree.items}
    assert all(item.parent is None or item.parent < item.id for item in tree.items)


def test_each_hole_of_a_declaration_has_its_root() -> None:
    tree = outline(BEGAN, met(0, "p", is_root=True), BEGAN, met(0, "q", is_root=True))
    assert drawn(tree) == ["⊢ p | untried | never tried", "⊢ q | untried | never tried"]


def test_before_anything_happened_there_is_nothing() -> None:
    assert outline(met(0, "p", is_root=True)).items == ()
