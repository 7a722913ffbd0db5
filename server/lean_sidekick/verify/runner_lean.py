"""The Lean side of the in-document runner: its text by version, how candidates get in, how outcomes come out. Pure.

The text is put below the header of a shadow document and defines one tactic,

    lean_sidekick_run "nonce" heartbeats milliseconds "[\\"(candidate)\\", …]"

which parses each candidate, runs each on a copy of the whole elaboration state with its own limit of heartbeats and,
where this Lean looks at cancel tokens, of time, logs one message with an outcome a candidate, and admits the goals.
The copy holds all there is (environment, metavariables, messages, traces), so nothing has to be restored, and what a
candidate logged goes into its own outcome. Interrupts, heartbeats and recursion limits pass by Lean's own `try`;
`attempt` catches them all.

Versions: the text keeps to names that Lean had in July 2021 and has kept since; `RunnerText` holds what remains.

| difference | Leans | tried |
| --- | --- | --- |
| message log in `Term`; inaccessible names are asked for; no cancel tokens | 2021 | run live |
| recovery stays on, as in the plain way there | 2021 | run live |
| message log in `Core`; recovery off; positions of the candidate's own text | 4.9 and later | not tried |
| time limit by `Core.Context.cancelTk?`, left out where that does not elaborate | 4.9 and later | not tried |
| `set_option Elab.async false` | 4.19 and later | not tried |
| `module` files: `meta import Lean`, `meta def`, `local elab` | with the module system | not tried |

A Lean between 2021 and 4.9 gets the later text; where it does not elaborate, the runner is not used.
"""

import json
import re
from collections.abc import Iterable, Sequence

from attrs import frozen

from lean_sidekick.lean.diagnostics import Diagnostic, Severity
from lean_sidekick.lean.gates import Gate, Gates

KEYWORD = "lean_sidekick_run"
ANSWER_LIMIT = 64_000
"""Characters of goals that one candidate may have printed; beyond it the plain way is asked."""

_MODULE = re.compile(r"\bmodule\b")


@frozen(kw_only=True)
class RunnerText:
    """One form of the runner: which import it adds to the header (None: the header stays), whether it can stop a
    candidate by the clock, whether the file is a `module`, and the kind of Lean."""

    added_import: str | None
    has_clock: bool
    is_module: bool
    is_early: bool
    is_parallel: bool

    @property
    def definitions(self) -> str:
        """The lines that define the tactic, newline at the end."""
        text = _CLOCK if self.has_clock else _NO_CLOCK
        text = (
            _DEFINITIONS.replace("«clock»\n", text).replace("«keyword»", KEYWORD).replace("«limit»", str(ANSWER_LIMIT))
        )
        for mark, early, later in _WORDS:
            text = text.replace(mark, early if self.is_early else later)
        if self.is_module:
            text = re.sub(r"^(?=(?:partial )?def )", "meta ", text, flags=re.MULTILINE)
            text = re.sub(r"^(?=elab )", "local ", text, flags=re.MULTILINE)
        return text + ("set_option Elab.async false\n" if self.is_parallel else "")


@frozen(kw_only=True)
class Row:
    """What the runner said of one candidate: `kind` is `ran`, `failed`, `parse error`, `timed out` or `too large`;
    `texts` are the goals where it ran, else Lean's messages."""

    kind: str
    texts: tuple[str, ...]


@frozen(kw_only=True)
class Answer:
    """The runner's message: the goals before, whether candidates saw the main goal alone, and the rows of those that
    were run, in order."""

    before: tuple[str, ...]
    is_focused: bool
    rows: tuple[Row, ...]


def runner_texts(gates: Gates, header: str) -> tuple[RunnerText, ...]:
    """The forms that may elaborate under a header, the best first.

    A file that sees `Lean` already needs no import; a `prelude` file has none that helps.
    """
    is_module = _MODULE.search(header) is not None
    if re.search(r"\bprelude\b", header):
        return ()
    clocks = (False,) if gates.is_early else (True, False)
    return tuple(
        RunnerText(
            added_import=added,
            has_clock=has_clock,
            is_module=is_module,
            is_early=gates.is_early,
            is_parallel=gates.has(Gate.PARALLEL_ELABORATION),
        )
        for added in (None, "meta import Lean" if is_module else "import Lean")
        for has_clock in clocks
    )


def invocation(nonce: str, heartbeats: int, milliseconds: int, texts: Sequence[str]) -> str:
    """The one line that runs the texts; each is one tactic. `milliseconds` is for one candidate where there is a
    clock, and after as many no further one is begun."""
    return f"{KEYWORD} {_literal(nonce)} {heartbeats} {milliseconds} {_literal(json.dumps(texts, ensure_ascii=False))}"


def read_answer(nonce: str, diagnostics: Iterable[Diagnostic]) -> Answer | None:
    """The runner's answer; None if there is not exactly one with this nonce, or it cannot be read."""
    found = [
        d.message
        for d in diagnostics
        if d.severity is Severity.INFORMATION and d.message.lstrip().startswith(f'["{nonce}",')
    ]
    if len(found) != 1:
        return None
    try:
        _, before, focused, rows = json.loads(found[0])
        return Answer(
            before=tuple(str(goal) for goal in before),
            is_focused=focused == "focused",
            rows=tuple(Row(kind=str(kind), texts=tuple(str(text) for text in texts)) for kind, texts in rows),
        )
    except (ValueError, TypeError):
        return None


def _literal(text: str) -> str:
    """A Lean string literal; what Lean has no short escape for is passed as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# (mark, text for 2021, text for later): what differs between Leans inside the definitions.
_WORDS = (
    ("«log»", "Term", "Core"),
    ("«strict» ", "", "Tactic.withoutRecover <| Term.withoutErrToSorry <| "),
    ("«names» ", "withPPInaccessibleNames ", ""),
    ("«place»", "", ', fileName := "<input>", fileMap := FileMap.ofString text'),
)

_DEFINITIONS = """\
namespace LeanSidekick
open Lean Lean.Meta Lean.Elab Lean.Elab.Tactic

def onCopy {α : Type} (x : TacticM α) : TacticM α :=
  fun c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄ => do
    let r₁ ← ST.mkRef (← r₁.get)
    let r₂ ← ST.mkRef (← r₂.get)
    let r₃ ← ST.mkRef (← r₃.get)
    let r₄ ← ST.mkRef (← r₄.get)
    x c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄

def attempt (x : TacticM Unit) : TacticM (Option Exception) :=
  fun c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄ => do
    try
      x c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄
      return none
    catch ex => return some ex

«clock»
def row (kind : String) (texts : Array String) : Json :=
  Json.arr #[Json.str kind, Json.arr (texts.map Json.str)]

def shown (goal : MVarId) : TacticM String := «names» do
  (← addMessageContext (MessageData.ofGoal goal)).toString

def errors : TacticM (Array String) := do
  let mut texts := #[]
  for message in (← «log».getMessageLog).toList do
    match message.severity with
    | MessageSeverity.error => texts := texts.push (← message.data.toString)
    | _ => pure ()
  return texts

def hasHole (main : MVarId) : TacticM Bool := do
  if (← instantiateMVars (← getMVarDecl main).type).hasExprMVar then return true
  for decl in (← getMVarDecl main).lctx do
    if (← instantiateMVars decl.type).hasExprMVar then return true
  return false

partial def isUnfinished (before : Environment) (isKnown : MVarId → Bool) (e : Expr) : TacticM Bool := do
  let e ← instantiateMVars e
  if e.hasSorry then return true
  for m in (← getMVarsNoDelayed e) do
    unless isKnown m do return true
  for name in e.getUsedConstants do
    unless before.contains name do
      match (← getEnv).find? name with
      | none => return true
      | some info =>
        match info.value? with
        | none => pure ()
        | some value => if (← isUnfinished before isKnown value) then return true
  return false

def tryOne (isFocused : Bool) (limits : Limits) (text : String) : TacticM Json := do
  match Parser.runParserCategory (← getEnv) `tactic text with
  | Except.error message => return row "parse error" #[message]
  | Except.ok stx => onCopy do
    let before ← getEnv
    let known ← getMCtx
    let main ← getMainGoal
    if isFocused then setGoals [main]
    «log».setMessageLog {}
    enableInfoTree false
    let mut answer := row "failed" #[]
    let ended ← attempt <| limited limits text <| «strict» Term.withSynthesize <| evalTactic stx
    if (← limits.isOver) then return row "timed out" #[]
    let mut found ← errors
    match ended with
    | some (Exception.error _ message) => found := found.push (← message.toString)
    | some _ => if found.isEmpty then found := #["Lean gave it up without a message"]
    | none => pure ()
    unless found.isEmpty do return row "failed" found
    let goals ← getUnsolvedGoals
    if (← isUnfinished before (fun m => goals.contains m || (known.findDecl? m).isSome) (mkMVar main)) then
      return row "failed" #["it leaves a part of the proof open without a goal for it"]
    let mut texts := #[]
    let mut size := 0
    for goal in goals do
      let text ← shown goal
      texts := texts.push text
      size := size + text.length
      if size > «limit» then return row "too large" #[]
    return row "ran" texts

def unlimited (x : TacticM Unit) : TacticM Unit :=
  withTheReader Core.Context (fun c => { c with maxHeartbeats := 0 }) x

def tryAll (nonce : String) (heartbeats milliseconds : Nat) (texts : Array Json) : TacticM Unit := unlimited do
  let isFocused := !(← hasHole (← getMainGoal))
  let mut before := #[]
  for goal in (← getUnsolvedGoals) do
    before := before.push (Json.str (← shown goal))
  let start ← IO.monoMsNow
  let limits ← Limits.start heartbeats milliseconds
  let mut rows := #[]
  for json in texts do
    if (← IO.monoMsNow) - start ≤ milliseconds then
      match json with
      | Json.str text =>
        let ended ← limits.next
        rows := rows.push (← tryOne isFocused limits text)
      | _ => pure ()
  limits.stop
  let focused := if isFocused then "focused" else "all goals"
  logInfo (Json.arr #[Json.str nonce, Json.arr before, Json.str focused, Json.arr rows]).compress
  for goal in (← getUnsolvedGoals) do admitGoal goal
  setGoals []

def run (nonce heartbeats milliseconds texts : Syntax) : TacticM Unit := do
  match Json.parse (texts.isStrLit?.getD "") with
  | Except.ok (Json.arr texts) =>
    tryAll (nonce.isStrLit?.getD "") (heartbeats.isNatLit?.getD 0) (milliseconds.isNatLit?.getD 0) texts
  | _ => throwError "the candidates cannot be read"
end LeanSidekick
elab "«keyword» " nonce:str heartbeats:num milliseconds:num texts:str : tactic =>
  LeanSidekick.run nonce heartbeats milliseconds texts
"""

_NO_CLOCK = """\
structure Limits where
  heartbeats : Nat

def Limits.start (heartbeats milliseconds : Nat) : TacticM Limits := pure ⟨heartbeats⟩
def Limits.next (l : Limits) : TacticM Unit := pure ()
def Limits.isOver (l : Limits) : TacticM Bool := pure false
def Limits.stop (l : Limits) : TacticM Unit := pure ()

def limited {α : Type} (l : Limits) (text : String) (x : TacticM α) : TacticM α :=
  withTheReader Core.Context (fun c => { c with maxHeartbeats := l.heartbeats * 1000«place» }) (withCurrHeartbeats x)
"""

_CLOCK = """\
structure Limits where
  heartbeats : Nat
  milliseconds : Nat
  current : IO.Ref (Option (Nat × IO.CancelToken))

partial def watch (outer : Option IO.CancelToken) (current : IO.Ref (Option (Nat × IO.CancelToken))) : IO Unit := do
  match ← current.get with
  | none => pure ()
  | some (deadline, token) =>
    let isLate := (← IO.monoMsNow) > deadline
    let isCancelled ← match outer with
      | some token => token.isSet
      | none => pure false
    if isLate || isCancelled then token.set
    IO.sleep 10
    watch outer current

def Limits.start (heartbeats milliseconds : Nat) : TacticM Limits := do
  let token ← IO.CancelToken.new
  let current ← IO.mkRef (some ((← IO.monoMsNow) + milliseconds, token))
  let outer := (← readThe Core.Context).cancelTk?
  discard <| IO.asTask (prio := Task.Priority.dedicated) (watch outer current)
  return { heartbeats := heartbeats, milliseconds := milliseconds, current := current }

def Limits.next (l : Limits) : TacticM Unit := do
  let token ← IO.CancelToken.new
  l.current.set (some ((← IO.monoMsNow) + l.milliseconds, token))

def Limits.isOver (l : Limits) : TacticM Bool := do
  match ← l.current.get with
  | some (_, token) => token.isSet
  | none => return false

def Limits.stop (l : Limits) : TacticM Unit := do
  l.current.set none
  Core.checkInterrupted

def limited {α : Type} (l : Limits) (text : String) (x : TacticM α) : TacticM α := do
  let token? := (← l.current.get).map fun current => current.2
  withTheReader Core.Context
    (fun c => { c with maxHeartbeats := l.heartbeats * 1000, cancelTk? := token?«place» }) (withCurrHeartbeats x)
"""
