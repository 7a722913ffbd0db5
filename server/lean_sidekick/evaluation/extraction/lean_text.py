"""The Lean side of extraction: its text by version, how a file gets in, how what was seen comes out. Pure.

The text stands below a header that imports `Lean` alone, and defines one command,

    lean_sidekick_trace "nonce" "file name" "module" "the whole text of a file"

which elaborates that text from its own header on, in an environment of its own: nothing that our document imports can
change what a tactic of the file does, and a file that `Lean` itself imports can be asked about too. The command
logs one message: the declarations with a proof, the tactics that ran with the goals before and after each, the
constants named in them and where those are declared, the messages, and a row for each declaration of the file as
`premises` has them.

A step is an item of a sequence of tactics, as LeanDojo counts: a tactic with tactics inside is one and so is each of
those, `t₁ <;> t₂` and the alternatives of `first` are parts of one. Its goals are those of the first node of Lean's
information tree that stands for it; one that was undone, or never run, has none and is no step.

Positions are in bytes of the text but for those of declarations and messages, which Lean has by line and column.

Versions: as in `premises.environment_lean`; the last spellings were run live on the Lean of July 2021, those of later
Leans were not tried.
"""

import json
from collections.abc import Iterable, Sequence

from attrs import frozen

from lean_sidekick.lean.diagnostics import Diagnostic
from lean_sidekick.lean.spellings import Part
from lean_sidekick.premises.environment_lean import PremiseRow, answer_of, read_premise_row, row_parts, typed_name

KEYWORD = "lean_sidekick_trace"
HEADER = "import Lean\n"


@frozen(kw_only=True)
class ProofRow:
    """A declaration with a proof, in bytes: where it begins, where `:=` stands or the proof begins, where it ends."""

    start: int
    proof: int
    end: int


@frozen(kw_only=True)
class StepRow:
    """A tactic that ran, in bytes, with the goals before and after it as Lean prints them."""

    start: int
    end: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen(kw_only=True)
class MentionRow:
    """A name in the text that stood for a constant; `constant` is its index among the constants."""

    constant: int
    start: int
    end: int


@frozen(kw_only=True)
class ConstantRow:
    """A constant that is named in a proof: its full name (without the mark of a private one) and where it is declared.

    `module` is None for one of the file itself. `place` is the range of its name: two pairs of line, from 1, and column
    in code points, from 0; None where Lean keeps none.
    """

    name: str
    module: str | None
    place: tuple[int, int, int, int] | None


@frozen(kw_only=True)
class NamedRow:
    """A declaration of the file that has a place: its name without the mark of a private one, and where that stands."""

    name: str
    is_theorem: bool
    line: int
    column: int


@frozen(kw_only=True)
class MessageRow:
    """An error or a warning at a line, from 1, and a column in code points, from 0."""

    is_error: bool
    line: int
    column: int
    text: str


@frozen(kw_only=True)
class TraceAnswer:
    """All that Lean says of a file.

    `failure` is why its header could not be loaded, "" if it was; where it is not, all else is empty. `imports` are the
    modules of its header. `missing` are tactics, in bytes, that no step is there for: not run, or undone.
    """

    failure: str
    imports: tuple[str, ...]
    proofs: tuple[ProofRow, ...]
    steps: tuple[StepRow, ...]
    missing: tuple[tuple[int, int], ...]
    mentions: tuple[MentionRow, ...]
    constants: tuple[ConstantRow, ...]
    named: tuple[NamedRow, ...]
    premises: tuple[PremiseRow, ...]
    messages: tuple[MessageRow, ...]


def trace_command(nonce: str, file_name: str, module: str, text: str) -> str:
    """The command that asks for a file."""
    return f"{KEYWORD} {json.dumps(nonce)} {_literal(file_name)} {_literal(module)} {_literal(text)}"


def _literal(text: str) -> str:
    """A Lean string literal; what Lean has no short escape for is passed as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def read_trace(nonce: str, diagnostics: Iterable[Diagnostic]) -> TraceAnswer | None:
    """The answer to `trace_command`; None if there is not exactly one with this nonce, or it cannot be read."""
    try:
        _, failure, imports, proofs, steps, missing, mentions, constants, named, premises, messages = answer_of(
            nonce, diagnostics
        )
        return TraceAnswer(
            failure=str(failure),
            imports=tuple(map(str, imports)),
            proofs=tuple(ProofRow(start=int(a), proof=int(b), end=int(c)) for a, b, c in proofs),
            steps=tuple(
                StepRow(start=int(a), end=int(b), before=tuple(map(str, before)), after=tuple(map(str, after)))
                for a, b, before, after in steps
            ),
            missing=tuple((int(a), int(b)) for a, b in missing),
            mentions=tuple(MentionRow(constant=int(c), start=int(a), end=int(b)) for c, a, b in mentions),
            constants=tuple(_constant(*row) for row in constants),
            named=tuple(
                NamedRow(name=typed_name(str(name)), is_theorem=bool(is_theorem), line=int(line), column=int(column))
                for name, is_theorem, line, column in named
            ),
            premises=tuple(read_premise_row(*row) for row in premises),
            messages=tuple(
                MessageRow(is_error=bool(is_error), line=int(line), column=int(column), text=str(text))
                for is_error, line, column, text in messages
            ),
        )
    except (ValueError, TypeError):
        return None


def _constant(name: str, module: str | None, place: Sequence[int] | None) -> ConstantRow:
    found = None
    if place is not None:
        line, column, end_line, end_column = map(int, place)
        found = (line, column, end_line, end_column)
    return ConstantRow(name=typed_name(str(name)), module=None if module is None else str(module), place=found)


def trace_parts() -> tuple[Part, ...]:
    """The text, part by part."""
    return (
        *row_parts(),
        *(
            Part(spellings=spellings, is_needed=True)
            for spellings in (_BYTES, _CONTEXT, _OPTIONS, (_SYNTAX,), (_TREES,))
        ),
        *(Part(spellings=(text,), is_needed=True) for text in (_ENVIRONMENT, _FILE, _COMMAND)),
    )


_BYTES = (
    "def bytes (place : String.Pos.Raw) : Nat := place.byteIdx\n",
    "def bytes (place : String.Pos) : Nat := place.byteIdx\n",
    "def bytes (place : String.Pos) : Nat := place\n",
)

_CONTEXT = (
    """\
def contextIn (inner : PartialContextInfo) (outer : Option ContextInfo) : Option ContextInfo :=
  inner.mergeIntoOuter? outer
""",
    "def contextIn (inner : ContextInfo) (_ : Option ContextInfo) : Option ContextInfo := some inner\n",
)

# Without it a later Lean elaborates proofs beside the next command, and their trees come late.
_OPTIONS = (
    "def options : Options := ({} : Options).setBool `Elab.async false\n",
    "def options : Options := {}\n",
)

_SYNTAX = """\
def span (stx : Syntax) : Option (Nat × Nat) :=
  match stx.getHeadInfo, stx.getTailInfo with
  | SourceInfo.original _ a _ _, SourceInfo.original _ _ _ b => some (bytes a, bytes b)
  | _, _ => none

def isQuotation (kind : Name) : Bool := (lastPart kind).any fun s => s.endsWith "uot"

def items (stx : Syntax) : Array Syntax :=
  let kind := stx.getKind
  let found :=
    if kind == `Lean.Parser.Tactic.tacticSeq1Indented then stx[0].getArgs
    else if kind == `Lean.Parser.Tactic.tacticSeqBracketed then stx[1].getArgs
    else #[]
  (found.map fun item => if item.getKind == groupKind then item[0] else item).filter fun item => !item.isAtom

structure Item where
  start : Nat
  stop : Nat
  kind : Name

def Item.key (item : Item) : Name := Name.mkNum (Name.mkNum item.kind item.start) item.stop

partial def tacticsIn (stx : Syntax) (done : Array Item) : Array Item :=
  if isQuotation stx.getKind then done else
  let done := (items stx).foldl (init := done) fun done item =>
    match span item with
    | some (a, b) => done.push { start := a, stop := b, kind := item.getKind }
    | none => done
  stx.getArgs.foldl (init := done) fun done arg => tacticsIn arg done

def isProof (kind : Name) : Bool :=
  kind == `Lean.Parser.Command.declValSimple || kind == `Lean.Parser.Command.declValEqns
    || kind == `Lean.Parser.Command.whereStructInst || kind == `Lean.Parser.Term.whereDecls

partial def proofsIn (stx around : Syntax) (done : Array (Syntax × Syntax)) : Array (Syntax × Syntax) :=
  if isQuotation stx.getKind then done else
  let around := if stx.getKind == `Lean.Parser.Command.declaration then stx else around
  if isProof stx.getKind then done.push (around, stx)
  else stx.getArgs.foldl (init := done) fun done arg => proofsIn arg around done

/- A structure has no proof of its own, but its fields may have default ones. -/
partial def blocksIn (stx : Syntax) (done : Array Syntax) : Array Syntax :=
  if isQuotation stx.getKind then done
  else if stx.getKind == `Lean.Parser.Term.byTactic then done.push stx
  else stx.getArgs.foldl (init := done) fun done arg => blocksIn arg done

def allProofsIn (stx : Syntax) : Array (Syntax × Syntax) :=
  let found := proofsIn stx stx #[]
  if !found.isEmpty || stx.getKind != `Lean.Parser.Command.declaration then found
  else
    let blocks := blocksIn stx #[]
    if blocks.isEmpty then found else #[(stx, mkNullNode blocks)]

partial def beginOf (stx : Syntax) : Option Nat :=
  if stx.getKind == `Lean.Parser.Command.docComment then none
  else if stx.getArgs.size == 0 then (span stx).map fun p => p.1
  else stx.getArgs.foldl (init := none) fun found arg =>
    match found with
    | some a => some a
    | none => beginOf arg

def numbersJson (numbers : Array Nat) : Json := Json.arr (numbers.map fun (n : Nat) => toJson n)

def proofRow (around proof : Syntax) : Option Json :=
  match beginOf around, span proof with
  | some a, some (b, c) => some (numbersJson #[a, b, c])
  | _, _ => none
"""

_TREES = """\
structure Seen where
  steps : Array Json
  found : NameSet
  mentions : Array (Name × Nat × Nat)

def goalTexts (ctx : ContextInfo) (mctx : MetavarContext) (goals : List MVarId) : IO Json := do
  if goals.isEmpty then return Json.arr #[] else
  let ctx := { ctx with mctx := mctx }
  ctx.runMetaM {} do
    let mut texts := #[]
    for goal in goals do
      texts := texts.push (Json.str (toString (← Meta.ppGoal goal)))
    return Json.arr texts

def seeTactic (wanted : NameSet) (ctx : ContextInfo) (info : TacticInfo) (seen : Seen) : IO Seen := do
  match span info.stx with
  | some (a, b) =>
    let item : Item := { start := a, stop := b, kind := info.stx.getKind }
    if !wanted.contains item.key || seen.found.contains item.key then return seen
    let before ← goalTexts ctx info.mctxBefore info.goalsBefore
    let after ← goalTexts ctx info.mctxAfter info.goalsAfter
    let row := Json.arr #[toJson a, toJson b, before, after]
    return { seen with steps := seen.steps.push row, found := seen.found.insert item.key }
  | none => return seen

def seeTerm (info : TermInfo) (seen : Seen) : Seen :=
  if info.stx.isIdent then
    match info.expr.getAppFn.constName?, span info.stx with
    | some name, some (a, b) => { seen with mentions := seen.mentions.push (name, a, b) }
    | _, _ => seen
  else seen

partial def see (wanted : NameSet) (ctx? : Option ContextInfo) (tree : InfoTree) (seen : Seen) : IO Seen := do
  match tree with
  | InfoTree.context ctx tree => see wanted (contextIn ctx ctx?) tree seen
  | InfoTree.node info children =>
    let mut seen := seen
    match info, ctx? with
    | Info.ofTacticInfo info, some ctx => seen ← seeTactic wanted ctx info seen
    | Info.ofTermInfo info, _ => seen := seeTerm info seen
    | _, _ => pure ()
    for child in children do
      seen ← see wanted (info.updateContext? ctx?) child seen
    return seen
  | _ => return seen
"""

_ENVIRONMENT = """\
def plainName (name : Name) : String := toString ((privateToUserName? name).getD name)

def placeOf (name : Name) : CoreM (Option DeclarationRange) := do
  let found ← findDeclarationRanges? name
  return found.map fun ranges => ranges.selectionRange

def constantRow (name : Name) : CoreM Json := do
  let env ← getEnv
  let module := match env.getModuleIdxFor? name with
    | some index => Json.str (toString (env.header.moduleNames.getD index Name.anonymous))
    | none => Json.null
  let place := match (← placeOf name) with
    | some r => numbersJson #[r.pos.line, r.pos.column, r.endPos.line, r.endPos.column]
    | none => Json.null
  return Json.arr #[Json.str (plainName name), module, place]

def isTheorem (info : ConstantInfo) : Bool :=
  match info with
  | ConstantInfo.thmInfo _ => true
  | _ => false

def namedRow (info : ConstantInfo) : CoreM (Option Json) := do
  if info.name.isInternal && !isPrivateName info.name then return none
  match (← placeOf info.name) with
  | some r =>
    return some (Json.arr #[Json.str (plainName info.name), toJson (isTheorem info), toJson r.pos.line,
      toJson r.pos.column])
  | none => return none

def ownRows : MetaM (Json × Json) := do
  let env ← getEnv
  let mut named := #[]
  let mut premises := #[]
  for info in env.constants.foldStage2 (fun done _ info => done.push info) (#[] : Array ConstantInfo) do
    match (← namedRow info) with
    | some row => named := named.push row
    | none => pure ()
    if isShown env info then
      premises := premises.push (← premiseRow 0 info)
  return (Json.arr named, Json.arr premises)

def unlimited {α : Type} (x : MetaM α) : MetaM α :=
  withTheReader Core.Context (fun c => { c with maxHeartbeats := 0 }) x
"""

_FILE = """\
structure Traced where
  proofs : Array Json
  steps : Array Json
  missing : Array Json
  mentions : Array (Name × Nat × Nat)

partial def traceCommands (done : Traced) : Frontend.FrontendM Traced := do
  let isLast ← Frontend.processCommand
  let state ← Frontend.getCommandState
  let stx := (← get).commands.foldl (init := Syntax.missing) fun _ command => command
  let proofs := allProofsIn stx
  if proofs.isEmpty then
    next isLast done
  else
    let tactics := proofs.foldl (init := #[]) fun found proof => tacticsIn proof.2 found
    let wanted := tactics.foldl (init := ({} : NameSet)) fun set item => set.insert item.key
    let mut seen : Seen := { steps := #[], found := {}, mentions := #[] }
    unless tactics.isEmpty do
      for tree in state.infoState.trees do
        seen ← see wanted none tree seen
    let missing := tactics.filter fun item => !seen.found.contains item.key
    next isLast {
      proofs := proofs.foldl (init := done.proofs) fun rows proof =>
        match proofRow proof.1 proof.2 with
        | some row => rows.push row
        | none => rows
      steps := done.steps ++ seen.steps
      missing := done.missing ++ missing.map fun item => numbersJson #[item.start, item.stop]
      mentions := done.mentions ++ seen.mentions
    }
where
  next (isLast : Bool) (done : Traced) : Frontend.FrontendM Traced := do
    modify fun state => { state with commandState := { state.commandState with infoState := { enabled := true } },
                                     commands := #[] }
    if isLast then return done else traceCommands done

def messageRow (message : Message) : IO Json := do
  let isError := match message.severity with
    | MessageSeverity.error => true
    | _ => false
  return Json.arr #[toJson isError, toJson message.pos.line, toJson message.pos.column,
    Json.str (← message.data.toString)]

def messageRows (messages : MessageLog) : IO Json := do
  let mut rows := #[]
  for message in messages.toList do
    match message.severity with
    | MessageSeverity.information => pure ()
    | _ => rows := rows.push (← messageRow message)
  return Json.arr rows

def mentionRows (mentions : Array (Name × Nat × Nat)) : Array Name × Array Json := do
  let mut names := #[]
  let mut numbers : NameMap Nat := {}
  let mut rows := #[]
  for (name, a, b) in mentions do
    let number := (numbers.find? name).getD names.size
    if number == names.size then
      names := names.push name
      numbers := numbers.insert name number
    rows := rows.push (numbersJson #[number, a, b])
  return (names, rows)

def traceFile : Frontend.FrontendM (Array Json) := do
  let done ← traceCommands { proofs := #[], steps := #[], missing := #[], mentions := #[] }
  let state ← Frontend.getCommandState
  let imports := state.env.imports.map fun i => Json.str (toString i.module)
  let (names, mentions) := mentionRows done.mentions
  Frontend.runCommandElabM <| liftCoreM <| MetaM.run' <| unlimited do
    let mut constants := #[]
    for name in names do
      constants := constants.push (← constantRow name)
    let (named, premises) ← ownRows
    return #[Json.arr imports, Json.arr done.proofs, Json.arr done.steps, Json.arr done.missing, Json.arr mentions,
      Json.arr constants, named, premises, (← messageRows state.messages)]

def trace (fileName module text : String) : IO (Array Json) := do
  let input := Parser.mkInputContext text fileName
  let (header, parserState, messages) ← Parser.parseHeader input
  let (env, messages) ← processHeader header options messages input
  if messages.hasErrors then
    let mut failure := "its header cannot be read"
    for message in messages.toList do
      failure ← message.data.toString
    let empty := (List.replicate 9 (Json.arr #[])).toArray
    return #[Json.str failure] ++ empty
  let name := module.splitOn "." |>.foldl (init := Name.anonymous) fun name part => Name.mkStr name part
  let state := Command.mkState (env.setMainModule name) messages options
  let state := { state with infoState := { enabled := true } }
  let (rows, _) ← (traceFile.run { inputCtx := input }).run
    { commandState := state, parserState := parserState, cmdPos := parserState.pos }
  return #[Json.str ""] ++ rows

def literal (stx : Syntax) : String := stx.isStrLit?.getD ""
"""

# A keyword of Lean ends the text: without one the question below would be read as part of the last definition.
_COMMAND = f"""\
elab "{KEYWORD} " nonce:str fileName:str module:str text:str : command => do
  let rows ← trace (literal fileName) (literal module) (literal text)
  logInfo (Json.arr (#[Json.str (literal nonce)] ++ rows)).compress
end LeanSidekick
"""
