"""LeanPremise's protocol on our index, so that `hammer` and Lean's own suggestions can use it.

The client asks once for `/indexed-premises` (and `/indexed-modules`, `/max-new-premises`), then sends goals to
`/retrieve`: which of the indexed premises it can use, by name or by place in that list, and the text of those that the
index does not have. The answer is `[{"name", "score"}]`, best first; for a list of goals a list of such lists.

The protocol is that of lean-premise-server (Zhu and others, "Premise Selection for a Lean Hammer", 2025). Fields that
it has for the module system are read and make no difference here.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.core.goals import Goal, parse_goal
from lean_sidekick.core.premises import Premise
from lean_sidekick.premises.api import Accessible, Retriever
from lean_sidekick.premises.source_scan import read_source
from lean_sidekick.serving.local_http import NotFound, Request

MOST_PREMISES = 1024
MOST_NEW_PREMISES = 4096
_OWN_MODULE = "new premises"


@frozen(kw_only=True)
class RetrieveRequest:
    """One question; `modules` and `premises` are names or places in the lists that the server gave."""

    states: tuple[str, ...]
    is_list: bool
    modules: tuple[str | int, ...]
    premises: tuple[str | int, ...]
    new: tuple[tuple[str, str], ...]
    k: int


@define
class PremiseService:
    """Answers the requests of the protocol. `names` are the indexed premises, in order, with their modules."""

    retriever: Retriever
    names: Sequence[tuple[str, str]]
    _modules: list[str] = field(init=False)
    _module_of: Mapping[str, str] = field(init=False)

    @_modules.default
    def _list_modules(self) -> list[str]:
        return list(dict.fromkeys(module for _, module in self.names))

    @_module_of.default
    def _map_names(self) -> Mapping[str, str]:
        return dict(self.names)

    async def answer(self, request: Request) -> object:
        """See `local_http.Answer`."""
        match request.method, request.path:
            case "POST", "/retrieve":
                return await self.retrieve(read_request(request.body))
            case "GET", "/indexed-premises":
                return [name for name, _ in self.names]
            case "GET", "/indexed-modules":
                return self._modules
            case "GET", "/max-new-premises":
                return MOST_NEW_PREMISES
        raise NotFound(
            f"There is no {request.method} {request.path[:100]}: there are POST /retrieve, GET /indexed-premises, "
            "GET /indexed-modules and GET /max-new-premises."
        )

    async def retrieve(self, asked: RetrieveRequest) -> object:
        """The names and scores of the best premises for each goal."""
        if asked.k <= 0:
            return [[] for _ in asked.states] if asked.is_list else []
        new = await asyncio.to_thread(lambda: tuple(_new_premise(name, text) for name, text in asked.new))
        allowed = self._allowed(asked) - {premise.full_name for premise in new}
        answers = [await self._for_state(state, allowed, new, min(asked.k, MOST_PREMISES)) for state in asked.states]
        return answers if asked.is_list else answers[0]

    async def _for_state(
        self, state: str, allowed: frozenset[str], new: tuple[Premise, ...], k: int
    ) -> list[dict[str, object]]:
        accessible = Accessible(
            modules=frozenset(self._module_of[name] for name in allowed), above=new, module=_OWN_MODULE
        )
        goal, depth = _goal(state), k
        while True:
            found = await self.retriever.for_goal(goal, accessible, depth)
            # The new ones, which have no module, override what the index has under their names.
            kept = [one for one in found if one.premise.module is None or one.premise.full_name in allowed]
            if len(kept) >= k or len(found) < depth:
                return [{"name": one.premise.full_name, "score": one.score} for one in kept[:k]]
            depth *= 4  # of the modules that are looked through, not all is allowed

    def _allowed(self, asked: RetrieveRequest) -> frozenset[str]:
        """The indexed premises that may be answered with; what the index does not know is passed over."""
        modules = {self._at(place, self._modules) for place in asked.modules}
        named = (self._at(place, self.names) for place in asked.premises)
        chosen = {one[0] if isinstance(one, tuple) else one for one in named}
        return frozenset(name for name, module in self.names if module in modules or name in chosen)

    def _at(self, place: str | int, items: Sequence[Any]) -> Any:
        if isinstance(place, str):
            return place
        return items[place] if 0 <= place < len(items) else None


def read_request(body: bytes) -> RetrieveRequest:
    """Reads the body of a request. Raises InputError with one sentence."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise InputError("The body is not JSON.") from None
    if not isinstance(data, dict):
        raise InputError("The body is no JSON object with `state` and `k`.")
    states = data.get("state")
    is_list = isinstance(states, list)
    listed: list[Any] = states if isinstance(states, list) else [states]
    if not listed or not all(isinstance(state, str) and state.strip() for state in listed):
        raise InputError("`state` must be a goal as Lean prints it, or a list of goals.")
    k = data.get("k")
    if type(k) is not int:
        raise InputError("`k` must be a whole number.")
    return RetrieveRequest(
        states=tuple(listed),
        is_list=is_list,
        modules=_places(data, "imported_modules"),
        premises=_places(data, "local_premises"),
        new=_new(data)[:MOST_NEW_PREMISES],
        k=k,
    )


def _places(data: Mapping[str, Any], name: str) -> tuple[str | int, ...]:
    value = data.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(type(item) in (str, int) for item in value):
        raise InputError(f"`{name}` must be a list of names or of places in the server's list.")
    return tuple(value)


def _new(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    value = data.get("new_premises")
    if value is None:
        return ()
    is_good = isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("name"), str) and isinstance(item.get("decl"), str)
        for item in value
    )
    if not is_good:
        raise InputError("`new_premises` must be a list of objects with the texts `name` and `decl`.")
    return tuple((item["name"], item["decl"]) for item in value)


def _goal(state: str) -> Goal:
    return parse_goal(state.strip())


def _new_premise(name: str, text: str) -> Premise:
    """A premise from its declaration as the client prints it: `kind name binders : type`, after a doc string."""
    found: Iterable[Premise] = read_source(text, path="", module="").premises
    for premise in found:
        return Premise(full_name=name, kind=premise.kind, statement=premise.statement, doc=premise.doc)
    _, _, statement = text.partition(name)
    return Premise(full_name=name, kind="", statement=" ".join((statement or text).split()))
