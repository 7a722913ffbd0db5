"""An engine without Lean, for tests of the editor's side.

Every `sorry` is a site, and so is the end of a line that ends with `by` (then also the lines below it that are blank).
What the engine answers stands in comments of the text itself:

    -- suggest: simp => closes the goal        one suggestion; several lines give several, one round each
    -- suggest: omega =?> closes the goal      the same, not confirmed alone
    -- hold                                    the stream stays open after the suggestions above this line
    -- gate                                    the stream goes on as soon as a test sets `is_gate_open` in this module
    -- search                                  the suggestions above were all; those below are found by the search after
    -- goal: h : p\n⊢ q                      the goal of every round, ⊢ True if there is none; what is left is ⊢ True
    -- no model: it is not there              why no model could be asked
    -- warn: there is an error above           the warning of every round
    -- prove: simp                             "Complete the proof" finds this
    -- prove: nothing | hold | stubborn        it finds nothing; never ends; never ends and is slow to clean up
    -- prove: gate                             it finds `simp` as soon as a test sets `is_gate_open` in this module
    -- partial: simp; sorry                    it finds no proof, and this as the best partial one
    -- prove with sorry: simp                  it finds this, which depends on an unfinished lemma
    -- premise: Nat.foo [simp] (n : Nat) : p   a premise that is found
    -- use: exact Nat.foo => closes the goal   a use of any premise that Lean takes, like `suggest`
    -- note: the index is being built          what is said beside the premises
    -- fail: no lean | imports | crash | bug   every question fails in this way
    -- print                                 every question prints to standard output
    -- child                                   the first question starts a child process

`on_event` is told what happens: "open ROOT",
"suggest v3 5:2", "suggest ended v3", "prove v3", "prove ended v3", "lemmas v3 QUESTION", "close".
"""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from attrs import evolve

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate, Source
from lean_sidekick.core.errors import ImportsOutOfDate, InputError, LeanCrashed, LeanUnavailable
from lean_sidekick.core.goals import Goal, ProofState, parse_goal
from lean_sidekick.core.outcomes import Outcome, OutcomeKind
from lean_sidekick.core.positions import Position, TextEdit, TextMap
from lean_sidekick.core.premises import Premise
from lean_sidekick.core.sites import Declaration, Hole, ProofSite
from lean_sidekick.engine.api import (
    AskGoals,
    DocumentText,
    ModelLoading,
    PremiseAnswer,
    PremiseFinding,
    ProofResult,
    ProofStatus,
    ProveProgress,
    SourceTally,
    Suggestion,
    SuggestionRound,
)
from lean_sidekick.lsp.projects import Backend
from lean_sidekick.premises.api import RankReason
from lean_sidekick.search.options import SearchOptions
from lean_sidekick.search.result import PartialProof
from lean_sidekick.search.trace import BatchRun, CandidateRun, NodeMet, SearchBegan, Trace
from lean_sidekick.settings import Settings

_DIRECTIVE = re.compile(
    r"^[ \t]*-- (suggest|hold|gate|search|goal|warn|no model|premise|use|note|prove with sorry|prove|partial|fail|print"
    r"|child)"
    r"(?:: (.*?))?\r?$",
    re.MULTILINE,
)
_SUGGESTION = re.compile(r"(.*?) =(\??)> (.*)")
_GOAL = parse_goal("⊢ True")
_SEARCH = (
    SearchBegan(declaration="t", kind="best-first", seconds=30.0, merges_states=True),
    NodeMet(node=0, goals=("⊢ True",), depth=0, cost=0.0, value=0.5, is_root=True, checks=0),
    BatchRun(
        node=0,
        seconds=0.1,
        candidates=(CandidateRun(text="simp", source="portfolio", score=-1.0, outcome="closed", children=()),),
        waiting=0,
    ),
)
loading_percent: int | None = None
"""How far a model is loaded, for all engines of the test's own process."""
is_gate_open = False
"""See `-- gate`; only for an engine in the test's own process."""


def find_site(document: DocumentText, position: Position) -> ProofSite:
    """The first `sorry` on the line that does not end before the position, else the last one on it, else an empty
    `by` before the position."""
    text_map = TextMap(document.text)
    start = text_map.line_start(position.line)
    found = list(re.finditer(r"\bsorry\b", text_map.line_text(position.line)))
    above = document.text[: text_map.offset(position)].rstrip()
    hole = Hole.TACTIC_SORRY
    is_blank_behind = not document.text[text_map.offset(position) : text_map.line_end(position.line)].strip()
    if not found and is_blank_behind and above.endswith(":= by"):
        start, hole = 0, Hole.EMPTY_BY
        found = list(re.compile("$").finditer(above, len(above)))
    if not found or text_map.line_text(position.line).lstrip().startswith("--"):
        raise InputError("No tactic can stand here.")
    offset = text_map.offset(position) - start
    match = next((m for m in found if m.end() >= offset), found[-1])
    return ProofSite(
        uri=document.uri,
        version=document.version,
        text=document.text,
        declaration=Declaration(
            keyword="theorem",
            name="t",
            full_name="t",
            start=0,
            keyword_start=0,
            body_start=None,
            end=len(document.text),
            is_private=False,
            is_mutual=False,
        ),
        hole=hole,
        start=start + match.start(),
        end=start + match.end(),
        indentation="  ",
    )


class FakeEngine:
    """See the module's text."""

    def __init__(self, root: Path, on_event: Callable[[str], None]) -> None:
        self._on_event = on_event
        self._child: asyncio.subprocess.Process | None = None
        on_event(f"open {root.name}")

    async def suggest(
        self, document: DocumentText, position: Position, budget: Budget, editors_goals: AskGoals | None = None
    ) -> AsyncGenerator[SuggestionRound, None]:
        self._on_event(f"suggest v{document.version} {position.line}:{position.character}")
        if editors_goals is not None:
            for goal in await editors_goals(position):
                self._on_event(f"editor's goal {goal}")
        try:
            await self._begin(document)
            site = find_site(document, position)
            warning = "".join(value for name, value in _directives(document) if name == "warn")
            goal = next((parse_goal(v.replace("\\n", "\n")) for n, v in _directives(document) if n == "goal"), _GOAL)
            suggestions: list[Suggestion] = []
            for name, value in _directives(document):
                if name == "suggest":
                    suggestions.append(_suggestion(site, value))
                    suggestions.sort(key=lambda s: s.outcome.kind is not OutcomeKind.CLOSED)
                    yield _round(site, goal, suggestions, warning, is_complete=False)
                elif name == "search":
                    yield evolve(_round(site, goal, suggestions, warning, is_complete=False), is_searching=True)
                elif name == "hold":
                    await _for_ever()
                elif name == "gate":
                    await _gate()
            trouble = "".join(value for name, value in _directives(document) if name == "no model")
            yield evolve(_round(site, goal, suggestions, warning, is_complete=True), model_trouble=trouble)
        finally:
            self._on_event(f"suggest ended v{document.version}")

    async def prove_at(
        self,
        document: DocumentText,
        position: Position,
        budget: Budget,
        on_progress: Callable[[ProveProgress], None],
        trace: Trace | None = None,
    ) -> ProofResult:
        self._on_event(f"prove v{document.version}")
        try:
            await self._begin(document)
            site = find_site(document, position)
            how, tactic = next(
                (d for d in _directives(document) if d[0].startswith("prove") or d[0] == "partial"),
                ("prove", "nothing"),
            )
            for event in _SEARCH if trace is not None else ():
                trace.write(event)
            on_progress(ProveProgress(checks=7, seconds=0.1, goals_left=2, trying="simp"))
            if tactic in ("hold", "stubborn"):
                for checks in range(8, 1_000_000):
                    await asyncio.sleep(0.02)
                    on_progress(ProveProgress(checks=checks, seconds=0.1, goals_left=1, trying="omega"))
            if tactic == "gate":
                await _gate()
                tactic = "simp"
            if how == "partial":
                edit = TextEdit(start=site.start, end=site.end, new_text=tactic)
                partial = PartialProof(block=tactic, goals_open=1, goals_proved=2)
                result = _result(ProofStatus.TIMED_OUT, None, (), "No proof was found; the best leaves 1 goal open")
                return evolve(result, partial=partial, partial_edits=(edit,))
            if tactic == "nothing":
                return _result(ProofStatus.NOT_PROVED, None, (), "No proof was found in 7 checks.")
            edit = TextEdit(start=site.start, end=site.end, new_text=tactic)
            if how == "prove with sorry":
                return _result(ProofStatus.PROVED_WITH_SORRY, tactic, (edit,), "Proved, but foo has a sorry.")
            return _result(ProofStatus.PROVED, tactic, (edit,), "")
        finally:
            if "-- prove: stubborn" in document.text:
                await asyncio.sleep(3600)
            self._on_event(f"prove ended v{document.version}")

    def prove_all(
        self,
        document: DocumentText,
        names: frozenset[str] | None,
        budget_each: Callable[[], Budget],
        on_progress: Callable[[ProveProgress], None],
        options: SearchOptions | None = None,
        trace: Trace | None = None,
    ) -> AsyncGenerator[ProofResult, None]:
        raise NotImplementedError("the editor's side never asks this")

    async def find_premises(self, document: DocumentText, position: Position, budget: Budget, k: int) -> PremiseAnswer:
        await self._begin(document)
        find_site(document, position)
        return evolve(_premises(document, k), goal=_GOAL)

    async def find_lemmas(
        self, words: str, document: DocumentText | None, position: Position | None, k: int
    ) -> PremiseAnswer:
        assert document is not None
        self._on_event(f"lemmas v{document.version} {words}")
        await self._begin(document)
        if not words.strip():
            raise InputError("The question is empty.")
        return _premises(document, k)

    async def premise_uses(
        self, document: DocumentText, position: Position, name: str, budget: Budget
    ) -> SuggestionRound:
        await self._begin(document)
        site = find_site(document, position)
        uses = [_suggestion(site, value) for what, value in _directives(document) if what == "use"]
        return _round(site, _GOAL, uses, "", is_complete=True)

    def model_loading(self) -> ModelLoading | None:
        return None if loading_percent is None else ModelLoading(name="tiny", percent=loading_percent)

    def load_premises(self) -> None:
        """Nothing to load."""

    async def prepare(self, *, for_words: bool = False) -> None:
        """Nothing to load."""

    def accepted(self, shown: SuggestionRound, taken: Suggestion) -> None:
        self._on_event(f"accepted {taken.candidate.text}")

    async def learn(self, document: DocumentText) -> int:
        self._on_event(f"learn v{document.version}")
        return 0

    async def forget_learned(self) -> bool:
        self._on_event("forget")
        return True

    async def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            await self._child.wait()
        self._on_event("close")

    async def _begin(self, document: DocumentText) -> None:
        for name, value in _directives(document):
            if name == "child" and self._child is None:
                self._child = await asyncio.create_subprocess_exec(
                    sys.executable, "-c", "import time; time.sleep(3600)", stdin=asyncio.subprocess.DEVNULL
                )
                self._on_event(f"child {self._child.pid}")
            if name == "print":
                print("what some library says")
            if name == "fail":
                raise {
                    "no lean": LeanUnavailable("No Lean was found: install elan."),
                    "imports": ImportsOutOfDate("The imports are out of date: rebuild them in your editor."),
                    "crash": LeanCrashed("Lean died."),
                    "bug": RuntimeError("a bug"),
                }[value]


def fake_backend(on_event: Callable[[str], None]) -> Backend:
    """A backend of fake engines. A project is a folder with a `lean-toolchain`."""

    def open_engine(root: Path, settings: Settings) -> FakeEngine:
        return FakeEngine(root, on_event)

    def find_root(path: Path) -> Path | None:
        return next((folder for folder in path.parents if (folder / "lean-toolchain").is_file()), None)

    async def forget_learned() -> bool:
        on_event("forget on disk")
        return True

    return Backend(open_engine=open_engine, find_root=find_root, find_site=find_site, forget_learned=forget_learned)


def _directives(document: DocumentText) -> list[tuple[str, str]]:
    return [(match[1], match[2] or "") for match in _DIRECTIVE.finditer(document.text)]


def _premises(document: DocumentText, k: int) -> PremiseAnswer:
    found = []
    for value in [value for what, value in _directives(document) if what == "premise"]:
        match = re.fullmatch(r"(\S+) (?:\[(.*?)\] )?(.*)", value)
        assert match is not None, value
        premise = Premise(
            full_name=match[1],
            kind="theorem",
            statement=match[3],
            module="Lib",
            attributes=tuple(filter(None, [match[2]])),
            start=Position(4, 2),
        )
        reason = RankReason(ranker="lexical", rank=len(found) + 1, shared=("nat",))
        found.append(PremiseFinding(premise=premise, reasons=(reason,), uri="file:///Lib.lean"))
    note = "".join(value for what, value in _directives(document) if what == "note")
    return PremiseAnswer(goal=None, findings=tuple(found[:k]), note=note)


def _suggestion(site: ProofSite, value: str) -> Suggestion:
    match = _SUGGESTION.fullmatch(value)
    assert match is not None, value
    tactic, effect = match[1].replace("\\n", "\n"), match[3]
    is_closed = effect.startswith("closes")
    left: tuple[Goal, ...] = () if is_closed else (_GOAL,)
    return Suggestion(
        candidate=Candidate(text=tactic, source=Source.PORTFOLIO, score=-1.0),
        outcome=Outcome(kind=OutcomeKind.CLOSED if is_closed else OutcomeKind.PROGRESS, goals=left),
        goals_left=left,
        edit=TextEdit(
            start=site.start, end=site.end, new_text=tactic if site.hole is Hole.TACTIC_SORRY else f"\n  {tactic}"
        ),
        effect=effect,
        is_confirmed=is_closed and not match[2],
    )


def _round(
    site: ProofSite, goal: Goal, suggestions: list[Suggestion], warning: str, *, is_complete: bool
) -> SuggestionRound:
    return SuggestionRound(
        site=site,
        state=ProofState(goals=(goal,)),
        suggestions=tuple(suggestions),
        is_complete=is_complete,
        checks=len(suggestions),
        seconds=0.0,
        warning=warning,
        tallies=(SourceTally(source=Source.PORTFOLIO, run=len(suggestions), good=len(suggestions)),),
    )


def _result(status: ProofStatus, proof: str | None, edits: tuple[TextEdit, ...], message: str) -> ProofResult:
    return ProofResult(
        declaration="t",
        status=status,
        proof=proof,
        edits=edits,
        axioms=(),
        seconds=0.1,
        checks=7,
        message=message,
    )


async def _gate() -> None:
    while not is_gate_open:  # noqa: ASYNC110 (a test sets it from outside of any loop)
        await asyncio.sleep(0.01)


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
