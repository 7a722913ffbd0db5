"""What both kinds of search do alike: run a node's candidates, grow the tree, offer finished proofs, tell the trace.

A node's candidates are asked for once and each is run there at most once; since equal states are one node, a tactic
that failed is not tried again at an equal state. A tactic that did not end is tried nowhere else. Candidates that come
late join those that wait, by their scores. Which node is next is not decided here.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from attrs import define, field

from lean_sidekick.core.budget import Budget
from lean_sidekick.core.candidates import Candidate
from lean_sidekick.core.goals import Goal
from lean_sidekick.core.outcomes import CheckedCandidate, Outcome, OutcomeKind
from lean_sidekick.search.api import Progress, SearchTask
from lean_sidekick.search.partial import BestState, best_state
from lean_sidekick.search.polish import Polisher, size
from lean_sidekick.search.proof_text import Step, block_of, broken, proof_steps
from lean_sidekick.search.result import PartialProof, SearchResult, SearchStatus
from lean_sidekick.search.spelled_out import spelled_out
from lean_sidekick.search.trace import BatchRun, CandidateRun, NodeEnded, NodeMet, ProofFinished, SearchEnded
from lean_sidekick.search.tree import GoalNode, ProofTree, closing_edges, lost_goals, replay
from lean_sidekick.tactics.counterexamples import Falsity, falsity
from lean_sidekick.tactics.merge import is_computation, loses_nothing, progress_cost
from lean_sidekick.verify.api import Place
from lean_sidekick.verify.recording import goal_texts

REPORT_EVERY_S = 0.2
_DOUBT = 2.0
"""What it costs a step that a goal which it leaves may be false."""


@define
class Expansion:
    """The tree of one search, and how it grows."""

    task: SearchTask
    tree: ProofTree = field(init=False)
    found_s: float | None = field(default=None, init=False)
    _waiting: dict[str, list[Candidate]] = field(factory=dict, init=False)
    _tried: dict[str, set[str]] = field(factory=dict, init=False)
    _late_due: set[str] = field(factory=set, init=False)
    _hung: set[str] = field(factory=set, init=False)
    _expanded: int = field(default=0, init=False)
    _refused: int = field(default=0, init=False)
    _last_refusal: str = field(default="", init=False)
    _told: int = field(default=0, init=False)
    _next_report: float = field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        self.tree = ProofTree(merges_states=self.task.merges_states)

    def begin(self, goals: tuple[Goal, ...], outside: int) -> None:
        """Makes the roots."""
        self.tree.add_roots(goals, outside)
        self._estimate_new()

    async def expand(self, node: GoalNode) -> tuple[GoalNode, ...]:
        """Runs the next batch of a node's candidates; gives the nodes that are new."""
        self._report(node)
        waiting, size = await self._candidates(node)
        return await self._grow(node, waiting, waiting[:size], {})

    async def expand_together(self, nodes: Sequence[GoalNode]) -> None:
        """Runs the next batches of several nodes in one edit; what that leaves open is run for each node apart."""
        self._report(nodes[0])
        asked = [(node, *await self._candidates(node)) for node in nodes]
        may_join = [not node.is_shared and self._is_below_first(node) for node in nodes]
        places = [
            Place(steps=tuple(replay(node)), candidates=tuple(waiting[:count]))
            for (node, waiting, count), may in zip(asked, may_join, strict=True)
            if may
        ]
        settled: list[dict[str, Outcome]] = []
        if len(places) > 1:
            settled = await self.task.session.check_together(places, self.task.budget)
        known = iter(settled or [{}] * len(places))
        for (node, waiting, count), may in zip(asked, may_join, strict=True):
            outcomes = next(known) if may else {}
            if node.proof is None and not self.tree.is_proved:
                await self._grow(node, waiting, waiting[:count], outcomes)

    def _is_below_first(self, node: GoalNode) -> bool:
        """Whether a node is reached by working on the site's main goal alone."""
        first = self.tree.roots[0]
        return not first.is_shared and (node is first or (bool(node.path) and node.path[0].text != "skip"))

    async def _grow(
        self, node: GoalNode, waiting: list[Candidate], batch: Sequence[Candidate], known: Mapping[str, Outcome]
    ) -> tuple[GoalNode, ...]:
        """Runs a batch, but for the outcomes that are known, and adds what it brought; gives the nodes that are new."""
        ran: list[CandidateRun] = []
        progress: list[CheckedCandidate] = []
        seen: set[str] = set()
        async with aclosing(self._run(node, batch, known)) as outcomes:
            async for checked in outcomes:
                kind = checked.outcome.kind
                if kind is OutcomeKind.TIMED_OUT and self.task.budget.is_spent:
                    continue  # it did not have its time
                seen.add(checked.candidate.text)
                if kind is OutcomeKind.TIMED_OUT:
                    self._hung.add(checked.candidate.text)
                if kind is OutcomeKind.PROGRESS:
                    progress.append(checked)
                    continue
                if kind is OutcomeKind.CLOSED:
                    self.tree.add_edge(node, checked.candidate, (), _edge_cost(node, checked))
                ran.append(_as_run(checked, children=() if kind is OutcomeKind.CLOSED else None))
                if kind is OutcomeKind.CLOSED:
                    break
        self._waiting[node.key] = [c for c in waiting if c.text not in seen]
        self._tried.setdefault(node.key, set()).update(seen)
        node.has_untried = bool(self._waiting[node.key]) or node.key in self._late_due
        # Where two lead to the same goals the first one counts, so the one that costs least has to come first.
        ran += [self._add(node, checked) for checked in sorted(progress, key=lambda c: _edge_cost(node, c))]
        new = self._estimate_new()
        self.task.trace.write(
            BatchRun(
                node=node.number,
                seconds=round(self.task.budget.seconds_spent, 3),
                candidates=tuple(ran),
                waiting=len(self._waiting[node.key]),
            )
        )
        return new

    def look_ahead(self, nodes: Sequence[GoalNode]) -> None:
        """Begins to look for late candidates of nodes that are about to be expanded, all at once."""
        if self.task.late is not None:
            self.task.late.ask([node.goal for node in nodes])

    def must_wait(self, node: GoalNode) -> bool:
        """Whether nothing is left at a node but candidates that are still to come."""
        late = self.task.late
        is_empty = not self._waiting.get(node.key, True)
        return late is not None and is_empty and node.key in self._late_due and not late.is_ready(node.goal)

    async def accepted(self) -> str | None:
        """The block of a finished proof that the final check took, if there is one, polished; what it refused is
        banned."""
        while self.tree.is_proved:
            steps = proof_steps(self.tree.roots)
            block, refusal = self._render(steps), await self._refusal(self._render(steps))
            if refusal is not None and block != block_of(steps):
                block, refusal = block_of(steps), await self._refusal(block_of(steps))
            if refusal is None:
                self.found_s = self.task.budget.seconds_spent
                return await self._polished(steps, block)
            self._refused += 1
            self._last_refusal = refusal
            self.tree.ban(closing_edges(self.tree.roots)[-1])
        return None

    async def _polished(self, steps: tuple[Step, ...], block: str) -> str:
        """The accepted proof, or a shorter or plainer one that the final check took as well."""
        options = self.task.polish
        if options is None:
            return block
        budget = options.budget(self.task.budget)
        if size(steps) > 1:
            steps = await self._with_closers(steps, budget)
        polisher = Polisher(session=self.task.session, budget=budget, render=self._render)
        better = await polisher.shorten(steps)
        if options.narrows_simp:
            better = await polisher.narrow(better)
        self.task.budget.spend_checks(budget.checks_spent)
        for written in dict.fromkeys(map(self._render, (spelled_out(better), better))):
            if written == block or await self._refusal(written) is None:
                return written
        return block

    async def _with_closers(self, steps: tuple[Step, ...], budget: Budget) -> tuple[Step, ...]:
        """The proof with one tactic in place of several, where a candidate that was not run yet closes the goal.

        The goals of the proof are gone through from the top, so that the largest part goes first.
        """
        waiting = list(self.tree.roots)
        while waiting and not budget.is_spent:
            node = waiting.pop(0)
            if node.proof is None or not node.proof.children or node.is_shared:
                continue
            batch = self._waiting.get(node.key, [])
            async with aclosing(self.task.session.check(replay(node), batch, budget)) as outcomes:
                async for checked in outcomes:
                    if checked.outcome.kind is OutcomeKind.CLOSED:
                        self.tree.replace_proof(node, checked.candidate)
                        break
            waiting += node.proof.children
        return proof_steps(self.tree.roots)

    async def _refusal(self, block: str) -> str | None:
        refusal = await self.task.accept(block)
        seconds = round(self.task.budget.seconds_spent, 3)
        self.task.trace.write(ProofFinished(block=block, refusal=refusal or "", seconds=seconds))
        return refusal

    def _render(self, steps: tuple[Step, ...]) -> str:
        return broken(block_of(steps), self.task.width)

    def _report(self, node: GoalNode) -> None:
        now = self.task.budget.seconds_spent
        if now < self._next_report:
            return
        self._next_report = now + REPORT_EVERY_S
        state = self.best_state()
        self.task.on_progress(
            Progress(
                checks=self.task.budget.checks_spent,
                goals_open=sum(len(n.goals) for n in state.open_goals),
                goals_proved=state.goals_proved,
                goal=node.goal,
            )
        )

    def best_state(self) -> BestState:
        """The unfinished state whose open goals look easiest."""
        return best_state(self.tree)

    def result(self, status: SearchStatus, block: str | None) -> SearchResult:
        """What the search ended with."""
        partial = None
        if block is None:
            state = self.best_state()
            if any(root.proof or root.number in state.choices for root in self.tree.roots):
                partial = PartialProof(
                    block=self._render(state.steps(self.tree.roots)),
                    goals_open=sum(len(node.goals) for node in state.open_goals),
                    goals_proved=state.goals_proved,
                )
        self._tell_end(status, block, partial)
        return SearchResult(
            status=status,
            block=block,
            partial=partial,
            expanded=self._expanded,
            found_s=self.found_s,
            refused=self._refused,
            last_refusal=self._last_refusal,
        )

    async def _candidates(self, node: GoalNode) -> tuple[list[Candidate], int]:
        """What is left to be tried at a node, and how many of it are next."""
        late, limits = self.task.late, self.task.limits
        waiting, size = self._waiting.get(node.key), limits.batch
        if waiting is None:
            size = limits.first_batch
            self._expanded += 1
            if late is not None:
                self._late_due.add(node.key)
                late.ask([node.goal])
            waiting = list(await self.task.generate(node.goal))
        if late is not None and node.key in self._late_due and (not waiting or late.is_ready(node.goal)):
            self._late_due.discard(node.key)
            known = {c.text for c in waiting} | self._tried.get(node.key, set())
            more = await late.candidates(node.goal, self.task.budget.seconds_left)
            waiting = sorted([*waiting, *(c for c in more if c.text not in known)], key=lambda c: -c.score)
        return [c for c in waiting if c.text not in self._hung], limits.shared_batch if node.is_shared else size

    async def _run(
        self, node: GoalNode, batch: Sequence[Candidate], known: Mapping[str, Outcome]
    ) -> AsyncGenerator[CheckedCandidate, None]:
        budget = self.task.budget
        # What closes the goal comes first: after it nothing else has to be run.
        for candidate in sorted(batch, key=lambda c: c.text in known and known[c.text].kind is not OutcomeKind.CLOSED):
            if candidate.text in known:
                yield CheckedCandidate(candidate=candidate, outcome=known[candidate.text])
        batch = [candidate for candidate in batch if candidate.text not in known]
        if not node.is_shared:
            async with aclosing(self.task.session.check(replay(node), batch, budget)) as outcomes:
                async for checked in outcomes:
                    yield checked
            return
        for candidate in batch:
            if budget.is_spent:
                return
            outcome = self.task.session.refuses(candidate)
            if outcome is None:
                outcome = _within(node, await self.task.session.run_steps([*replay(node), candidate.text], budget))
            yield CheckedCandidate(candidate=candidate, outcome=outcome)

    def _add(self, node: GoalNode, checked: CheckedCandidate) -> CandidateRun:
        goals = checked.outcome.goals
        limits = self.task.limits
        if node.depth >= limits.depth:
            return _as_run(checked, note="too deep")
        if len(goals) > limits.goals_left:
            return _as_run(checked, note="leaves too many goals")
        if any(len(goal.text) > limits.goal_length for goal in goals):
            return _as_run(checked, note="leaves too long a goal")
        falsities = [falsity(goal) for goal in goals]
        if Falsity.CERTAIN in falsities:
            return _as_run(checked, note="leaves a goal that is false for small values")
        is_doubtful = Falsity.UNLESS_RULED_OUT in falsities and not loses_nothing(checked.candidate)
        doubt = _DOUBT if is_doubtful else 0.0
        new = self.tree.add_edge(node, checked.candidate, goals, _edge_cost(node, checked) + doubt)
        if new is None:
            return _as_run(checked, note="leads in a circle, or where another tactic leads")
        return _as_run(checked, children=tuple(child.number for child in node.edges[-1].children))

    def _estimate_new(self) -> tuple[GoalNode, ...]:
        """Estimates the nodes that are new and tells the trace of them."""
        new = [node for node in self.tree.nodes if node.number >= self._told]
        for node in new:
            node.estimate = node.value = self.task.value.value(node.goals, node.depth)
            self.task.trace.write(
                NodeMet(
                    node=node.number,
                    goals=tuple(goal_texts(node.goals)),
                    depth=node.depth,
                    cost=round(node.cost, 3),
                    value=round(node.estimate, 4),
                    is_root=node in self.tree.roots,
                    checks=self.task.budget.checks_spent,
                )
            )
        self._told += len(new)
        return tuple(new)

    def _tell_end(self, status: SearchStatus, block: str | None, partial: PartialProof | None) -> None:
        budget = self.task.budget
        for node in self.tree.nodes:
            self.task.trace.write(
                NodeEnded(
                    node=node.number,
                    is_proved=node.proof is not None,
                    visits=node.visits,
                    value=round(node.value, 4),
                    waiting=len(self._waiting.get(node.key, ())),
                )
            )
        self.task.trace.write(
            SearchEnded(
                status=status.value,
                seconds=round(budget.seconds_spent, 3),
                checks=budget.checks_spent,
                expanded=self._expanded,
                proof=block,
                partial=partial.block if partial else None,
            )
        )


def _within(node: GoalNode, outcome: Outcome) -> Outcome:
    """What an outcome at all goals of the site says of a node's own."""
    if outcome.kind not in (OutcomeKind.PROGRESS, OutcomeKind.CLOSED):
        return outcome
    own = outcome.goals[: max(0, len(outcome.goals) - node.outside)]
    if lost_goals(node.goals, own):
        return Outcome(kind=OutcomeKind.FAILED, message="Lean forgot a goal that this did not prove")
    if not own:
        return Outcome(kind=OutcomeKind.CLOSED)
    return Outcome(kind=OutcomeKind.PROGRESS, goals=own)


def _edge_cost(node: GoalNode, checked: CheckedCandidate) -> float:
    """What a step costs: a charge for every goal that it adds and for goals that grow, on top of the tactic's own."""
    goals = checked.outcome.goals
    if not goals:
        return -checked.candidate.score
    growth = max(0, max(len(goal.target) for goal in goals) - len(node.goal.target)) / 40
    if is_computation(checked.candidate.text):
        growth = 0.0
    more = max(0, len(goals) - len(node.goals))
    unknown = 1.0 if any(goal.has_metavariable for goal in goals) else 0.0
    return progress_cost(checked.candidate) + 0.7 * more + min(growth, 3.0) + unknown


def _as_run(checked: CheckedCandidate, *, children: tuple[int, ...] | None = None, note: str = "") -> CandidateRun:
    candidate, outcome = checked.candidate, checked.outcome
    return CandidateRun(
        text=candidate.text,
        source=candidate.source.value,
        score=round(candidate.score, 3),
        outcome=outcome.kind.value,
        message=outcome.message,
        children=children,
        note=note,
    )
