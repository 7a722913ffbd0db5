"""The Lean side of the in-document runner: its text by version, and how candidates get in. Pure.

The text is put below the header of a shadow document and defines one tactic,

    lean_sidekick_run "nonce" heartbeats milliseconds workers "base" "key" "[step, …]" "[candidate, …]"

which parses each candidate, runs each on a copy of the whole elaboration state with its own limit of heartbeats and,
where this Lean looks at cancel tokens, of time, logs one message with an outcome a candidate, and admits the goals.
The copy holds all there is (environment, metavariables, messages, traces), so nothing has to be restored, and what a
candidate logged goes into its own outcome. Interrupts, heartbeats and recursion limits pass by Lean's own `try`;
`attempt` catches them all. The candidates are shared out to `workers` threads.

The state in which the tactic was called can be kept under a `key` and be called up by a later edit as its `base`, so
that neither the statement nor the steps before are elaborated again; only the `steps` from there are run. A Lean that
keeps the steps of a tactic block by itself does without.

Versions: the text keeps to names that Lean had in July 2021 and has kept since; `RunnerText` holds what remains.

| difference | Leans | tried |
| --- | --- | --- |
| message log in `Term`; inaccessible names are asked for; no cancel tokens | 2021 | run live |
| states kept for later edits, in a cell held by the tactic's entry in the environment | before 4.9 | 2021 live |
| recovery stays on, as in the plain way there | 2021 | run live |
| message log in `Core`; recovery off; positions of the candidate's own text | 4.9 and later | not tried |
| time limit by `Core.Context.cancelTk?`, left out where that does not elaborate | 4.9 and later | not tried |
| `set_option Elab.async false` | 4.19 and later | not tried |
| `module` files: `meta import Lean`, `meta def`, `local elab` | with the module system | not tried |

A Lean between 2021 and 4.9 gets the later text; where it does not elaborate, the runner is not used.
"""

import json
import re
from collections.abc import Sequence

from attrs import frozen

from lean_sidekick.lean.gates import Gate, Gates

KEYWORD = "lean_sidekick_run"
ANSWER_LIMIT = 64_000
"""Characters of goals that one candidate may have printed; beyond it the plain way is asked."""
STATES_KEPT = 64
"""States that a document keeps, the newest."""

_MODULE = re.compile(r"\bmodule\b")


@frozen(kw_only=True)
class RunnerText:
    """One form of the runner: which import it adds to the header (None: the header stays), whether it can stop a
    candidate by the clock, whether the file is a `module`, the kind of Lean, and whether states are kept."""

    added_import: str | None
    has_clock: bool
    is_module: bool
    is_early: bool
    is_parallel: bool
    keeps_states: bool

    @property
    def definitions(self) -> str:
        """The lines that define the tactic, newline at the end."""
        text = _DEFINITIONS.replace("«clock»\n", _CLOCK if self.has_clock else _NO_CLOCK)
        text = text.replace("«printing»\n", _PRINTING if self.is_early else _PRINTING_WHOLE)
        text += _WITH_STORE if self.keeps_states else _WITHOUT_STORE
        for mark, number in (("«limit»", ANSWER_LIMIT), ("«kept»", STATES_KEPT)):
            text = text.replace(mark, str(number))
        text = text.replace("«keyword»", KEYWORD)
        for mark, early, later in _WORDS:
            text = text.replace(mark, early if self.is_early else later)
        if self.is_module:
            text = re.sub(r"^(?=(?:partial )?def )", "meta ", text, flags=re.MULTILINE)
            text = re.sub(r"^(?=elab )", "local ", text, flags=re.MULTILINE)
        return text + ("set_option Elab.async false\n" if self.is_parallel else "")


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
            keeps_states=not gates.has(Gate.TACTIC_REUSE),
        )
        for added in (None, "meta import Lean" if is_module else "import Lean")
        for has_clock in clocks
    )


@frozen(kw_only=True)
class Call:
    """One call of the tactic.

    `texts` are run after `steps`, each of which is one tactic; the steps begin at the state kept under `base`, or where
    the call stands if that is "". The state after them is kept under `key`, unless that is "". `heartbeats` and
    `milliseconds` (where there is a clock) are for one candidate, and after as many milliseconds no further one is
    begun.
    """

    nonce: str
    heartbeats: int
    milliseconds: int
    workers: int
    texts: Sequence[str]
    base: str = ""
    key: str = ""
    steps: Sequence[str] = ()

    @property
    def line(self) -> str:
        """The call as a tactic."""
        lists = [json.dumps(texts, ensure_ascii=False) for texts in (list(self.steps), list(self.texts))]
        literals = " ".join(_literal(text) for text in (self.base, self.key, *lists))
        return f"{KEYWORD} {_literal(self.nonce)} {self.heartbeats} {self.milliseconds} {self.workers} {literals}"


def _literal(text: str) -> str:
    """A Lean string literal; what Lean has no short escape for is passed as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# (mark, text for 2021, text for later): what differs between Leans inside the definitions.
_WORDS = (
    ("«log»", "Term", "Core"),
    ("«strict» ", "", "Tactic.withoutRecover <| Term.withoutErrToSorry <| "),
    ("«names» ", "withPPInaccessibleNames ", ""),
    ("«get»", "", "!"),
    ("«decl»", "getMVarDecl", "MVarId.getDecl"),
    ("«place»", "", ', fileName := "<input>", fileMap := FileMap.ofString text'),
)

# How a goal with the hypotheses of the main goal is printed: its target alone, below what was printed already.
# Printing is half of what a candidate costs on an early Lean.
_PRINTING = """\
def caseOf (decl : MetavarDecl) : String :=
  match decl.userName with
  | Name.anonymous => ""
  | name => "case " ++ (format name.eraseMacroScopes).pretty ++ "\\n"

def shownTarget (goal : MVarId) : TacticM String := «names» do
  let decl ← «decl» goal
  let lctx := decl.lctx.sanitizeNames.run' { options := (← getOptions) }
  withLCtx lctx decl.localInstances do
    return (format "⊢ " ++ Format.nest 2 (← ppExpr (← instantiateMVars decl.type))).pretty

def mainOf (goal : MVarId) : TacticM (Option Main) := do
  let decl ← «decl» goal
  let whole ← shown goal
  let target ← shownTarget goal
  let first := caseOf decl
  unless whole.startsWith first && whole.endsWith target do return none
  let hypotheses := whole.toSubstring.drop first.length |>.dropRight target.length
  return some { lctx := decl.lctx, hypotheses := hypotheses.toString, targets := (← IO.mkRef []) }
"""

_PRINTING_WHOLE = """\
def caseOf (decl : MetavarDecl) : String := ""
def shownTarget (goal : MVarId) : TacticM String := shown goal
def mainOf (goal : MVarId) : TacticM (Option Main) := pure none
"""

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

structure Main where
  lctx : LocalContext
  hypotheses : String
  targets : IO.Ref (List (Expr × String))

«printing»
def hasContext (lctx other : LocalContext) : Bool :=
  let same : Nat → LocalDecl → Nat := fun count d =>
    match lctx.find? d.fvarId with
    | some e => if e.userName == d.userName && e.type == d.type && e.value? == d.value? then count + 1 else count
    | none => count
  let count : Nat → LocalDecl → Nat := fun count _ => count + 1
  lctx.foldl count 0 == other.foldl count 0 && other.foldl same 0 == other.foldl count 0

def shownAfter (main? : Option Main) (goal : MVarId) : TacticM String := do
  match main? with
  | none => shown goal
  | some main =>
    let decl ← «decl» goal
    if !hasContext main.lctx decl.lctx then shown goal else
      let type ← instantiateMVars decl.type
      let known := (← main.targets.get).find? fun known => known.1 == type
      let target ← match known with
        | some known => pure known.2
        | none => do
          let text ← shownTarget goal
          main.targets.modify fun all => (type, text) :: all
          pure text
      return caseOf decl ++ main.hypotheses ++ target

partial def withoutGoals : MessageData → MessageData
  | MessageData.ofGoal _ => "the goal"
  | MessageData.withContext c m => MessageData.withContext c (withoutGoals m)
  | MessageData.withNamingContext c m => MessageData.withNamingContext c (withoutGoals m)
  | MessageData.nest n m => MessageData.nest n (withoutGoals m)
  | MessageData.group m => MessageData.group (withoutGoals m)
  | MessageData.compose a b => MessageData.compose (withoutGoals a) (withoutGoals b)
  | m => m

def errors : TacticM (Array String) := do
  let mut texts := #[]
  for message in (← «log».getMessageLog).toList do
    match message.severity with
    | MessageSeverity.error => texts := texts.push (← (withoutGoals message.data).toString)
    | _ => pure ()
  return texts

def hasHole (main : MVarId) : TacticM Bool := do
  if (← instantiateMVars (← «decl» main).type).hasExprMVar then return true
  for decl in (← «decl» main).lctx do
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

def tryOne (isFocused : Bool) (main? : Option Main) (limits : Limits) (text : String) : TacticM Json := do
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
    | some (Exception.error _ message) => found := found.push (← (withoutGoals message).toString)
    | some _ => if found.isEmpty then found := #["Lean gave it up without a message"]
    | none => pure ()
    unless found.isEmpty do return row "failed" found
    let goals ← getUnsolvedGoals
    if (← isUnfinished before (fun m => goals.contains m || (known.findDecl? m).isSome) (mkMVar main)) then
      return row "failed" #["it leaves a part of the proof open without a goal for it"]
    let mut texts := #[]
    let mut size := 0
    for goal in goals do
      let text ← shownAfter main? goal
      texts := texts.push text
      size := size + text.length
      if size > «limit» then return row "too large" #[]
    return row "ran" texts

def unlimited {α : Type} (x : TacticM α) : TacticM α :=
  withTheReader Core.Context (fun c => { c with maxHeartbeats := 0 }) x

partial def work (isFocused : Bool) (main? : Option Main) (limits : Limits) (milliseconds start : Nat)
    (texts : Array String) (next : IO.Ref Nat) (done : Array (Nat × Json)) : TacticM (Array (Nat × Json)) := do
  let i ← next.modifyGet fun i => (i, i + 1)
  if i < texts.size && (← IO.monoMsNow) - start ≤ milliseconds then
    limits.next
    let answer ← tryOne isFocused main? limits texts[i]«get»
    work isFocused main? limits milliseconds start texts next (done.push (i, answer))
  else
    limits.stop
    return done

def inTask {α : Type} (x : TacticM α) : TacticM (Task (Except IO.Error α)) := do
  let action : IO α ← fun c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄ =>
    pure (EIO.toIO (fun _ => IO.userError "a worker stopped") (x c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄))
  IO.asTask action Task.Priority.dedicated

def tryAll (nonce : String) (heartbeats milliseconds workers : Nat) (texts : Array String) : TacticM Json :=
  unlimited do
    let isFocused := !(← hasHole (← getMainGoal))
    let mut before := #[]
    for goal in (← getUnsolvedGoals) do
      before := before.push (Json.str (← shown goal))
    let main? ← if isFocused then mainOf (← getMainGoal) else pure none
    let start ← IO.monoMsNow
    let next ← IO.mkRef 0
    let worker : TacticM (Array (Nat × Json)) := do
      work isFocused main? (← Limits.start heartbeats milliseconds) milliseconds start texts next #[]
    let mut tasks := #[]
    for i in [1:Nat.min workers texts.size] do
      tasks := tasks.push (← inTask worker)
    let mut found ← worker
    for task in tasks do
      match task.get with
      | Except.ok rows => found := found ++ rows
      | Except.error _ => throwError "a worker stopped"
    let mut rows := texts.map fun _ => Json.null
    for (i, answer) in found do
      rows := rows.set! i answer
    let focused := if isFocused then "focused" else "all goals"
    return Json.arr #[Json.str nonce, Json.arr before, Json.str focused, Json.arr rows]

structure Saved where
  key : String
  resume : TacticM Json → EIO Exception Json

abbrev Store := Option (IO.Ref (Array Saved))

def Store.find (store : Store) (key : String) : TacticM (Option Saved) := do
  match store with
  | none => return none
  | some states => return (← states.get).find? fun s => s.key == key

def Store.keep (store : Store) (key : String) : TacticM Unit := do
  match store with
  | none => pure ()
  | some states => unless key == "" do
    let saved : Saved ← fun c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄ => do
      let v₁ ← r₁.get
      let v₂ ← r₂.get
      let v₃ ← r₃.get
      let v₄ ← r₄.get
      let resume (x : TacticM Json) : EIO Exception Json := do
        let r₁ ← ST.mkRef v₁
        let r₂ ← ST.mkRef v₂
        let r₃ ← ST.mkRef v₃
        let r₄ ← ST.mkRef v₄
        x c₁ r₁ c₂ r₂ c₃ r₃ c₄ r₄
      pure ⟨key, resume⟩
    states.modify fun all =>
      let all := (all.filter fun s => s.key != key).push saved
      (all.toList.drop (all.size - «kept»)).toArray

def runSteps (heartbeats milliseconds : Nat) (steps : Array String) : TacticM Bool := unlimited do
  let limits ← Limits.start heartbeats milliseconds
  «log».setMessageLog {}
  for text in steps do
    match Parser.runParserCategory (← getEnv) `tactic text with
    | Except.error _ => return false
    | Except.ok stx =>
      limits.next
      match ← attempt <| limited limits text <| Term.withSynthesize <| evalTactic stx with
      | some _ => return false
      | none => unless (← errors).isEmpty do return false
  limits.stop
  return true

def strings (syntax_ : Syntax) : TacticM (Array String) := do
  match Json.parse (syntax_.isStrLit?.getD "") with
  | Except.ok (Json.arr texts) => return texts.filterMap fun | Json.str text => some text | _ => none
  | _ => throwError "the candidates cannot be read"

def run (store : Store) (nonce heartbeats milliseconds workers base key steps texts : Syntax) : TacticM Unit := do
  let text (s : Syntax) : String := s.isStrLit?.getD ""
  let number (s : Syntax) : Nat := s.isNatLit?.getD 0
  let steps ← strings steps
  let texts ← strings texts
  let all : TacticM Json := do
    store.keep (text key)
    tryAll (text nonce) (number heartbeats) (number milliseconds) (number workers) texts
  let unknown := Json.arr #[Json.str (text nonce), Json.str "unknown"]
  let answer ← if text base == "" then all else
    match ← store.find (text base) with
    | none => pure unknown
    | some saved =>
      let resumed : TacticM Json := do
        if (← runSteps (number heartbeats) (number milliseconds) steps) then all else pure unknown
      fun _ _ _ _ _ _ _ _ => saved.resume resumed
  logInfo answer.compress
  for goal in (← getUnsolvedGoals) do admitGoal goal
  setGoals []
end LeanSidekick
"""

_WITHOUT_STORE = """\
elab "«keyword» " nonce:str heartbeats:num milliseconds:num workers:num base:str key:str steps:str texts:str :
    tactic =>
  LeanSidekick.run none nonce heartbeats milliseconds workers base key steps texts
"""

_WITH_STORE = """\
syntax (name := leanSidekickRun) "«keyword» " str num num num str str str str : tactic
elab "«keyword»_store" : command => do
  let states ← IO.mkRef #[]
  let tac : Lean.Elab.Tactic.Tactic := fun stx =>
    LeanSidekick.run (some states) stx[1] stx[2] stx[3] stx[4] stx[5] stx[6] stx[7] stx[8]
  Lean.setEnv <| Lean.Elab.Tactic.tacticElabAttribute.ext.addEntry (← Lean.getEnv)
    { key := `leanSidekickRun, decl := `LeanSidekick.run, value := tac }
«keyword»_store
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
