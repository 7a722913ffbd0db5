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

The file is elaborated with the options of the document (those of the library that its URI belongs to), as an editor
would: `Elab.inServer` makes a Lean with modules load the places of what a `module` imports too.

Versions: as in `premises.environment_lean`; the last spellings were run live on the Lean of July 2021, those of later
Leans were not run, but written by their sources: 4.0 to 4.8 (a context is a `ContextInfo`), from 4.9, from about 4.22
(modules; importing ends the permission to run initializers, which a second import needs again), from about 4.26
(`String.Pos.Raw`), and the middle of 2026 (what runs in a context can throw an `Exception`).
"""

import json

from lean_sidekick.lean.spellings import Part
from lean_sidekick.premises.environment_lean import row_parts

KEYWORD = "lean_sidekick_trace"
HEADER = "import Lean\n"


def trace_command(nonce: str, file_name: str, module: str, text: str) -> str:
    """The command that asks for a file."""
    return f"{KEYWORD} {json.dumps(nonce)} {_literal(file_name)} {_literal(module)} {_literal(text)}"


def _literal(text: str) -> str:
    """A Lean string literal; what Lean has no short escape for is passed as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def trace_parts() -> tuple[Part, ...]:
    """The text, part by part."""
    return (
        Part(spellings=_QUIET),
        *row_parts(),
        *(
            Part(spellings=spellings, is_needed=True)
            for spellings in (_BYTES, _CONTEXT, _RUN, _ALL_TREES, _OPTIONS, _LOAD, (_SYNTAX,), (_TREES,))
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

# A project may ask for it, and every remark of a linter about this text would end the extraction.
_QUIET = (
    "set_option warningAsError false\n",
    "-- has no such option\n",
)

_RUN = (
    """\
def inContext {α : Type} (ctx : ContextInfo) (x : MetaM α) : IO α := do
  match (← (ctx.runMetaM {} x).toBaseIO) with
  | Except.ok value => return value
  | Except.error e => throw <| IO.userError (← e.toMessageData.toString)
""",
    "def inContext {α : Type} (ctx : ContextInfo) (x : MetaM α) : IO α := ctx.runMetaM {} x\n",
)

# Trees of what is elaborated beside the next command are put in later.
_ALL_TREES = (
    "def treesOf (state : InfoState) := state.substituteLazy.get.trees\n",
    "def treesOf (state : InfoState) := state.trees\n",
)

_OPTIONS = (
    """\
def optionsFrom (given : Options) : Options :=
  (given.setBool `Elab.async false).setBool `Elab.inServer true
""",
    "def optionsFrom (given : Options) : Options := given\n",
)

_LOAD = (
    """\
unsafe def loadUnsafe (given : Options) (name : Name) (input : Parser.InputContext) :
    IO (Environment × Parser.ModuleParserState × MessageLog) := do
  enableInitializersExecution
  let (header, parserState, messages) ← Parser.parseHeader input
  let (env, messages) ← processHeader header (optionsFrom given) messages input (mainModule := name)
  return (env, parserState, messages)

@[implemented_by loadUnsafe]
opaque load (given : Options) (name : Name) (input : Parser.InputContext) :
    IO (Environment × Parser.ModuleParserState × MessageLog)
""",
    """\
unsafe def loadUnsafe (given : Options) (name : Name) (input : Parser.InputContext) :
    IO (Environment × Parser.ModuleParserState × MessageLog) := do
  enableInitializersExecution
  let (header, parserState, messages) ← Parser.parseHeader input
  let (env, messages) ← processHeader header (optionsFrom given) messages input
  return (env.setMainModule name, parserState, messages)

@[implemented_by loadUnsafe]
opaque load (given : Options) (name : Name) (input : Parser.InputContext) :
    IO (Environment × Parser.ModuleParserState × MessageLog)
""",
    """\
def load (given : Options) (name : Name) (input : Parser.InputContext) :
    IO (Environment × Parser.ModuleParserState × MessageLog) := do
  let (header, parserState, messages) ← Parser.parseHeader input
  let (env, messages) ← processHeader header (optionsFrom given) messages input
  return (env.setMainModule name, parserState, messages)
""",
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
  inContext { ctx with mctx := mctx } do
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
      for tree in treesOf state.infoState do
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

def mentionRows (mentions : Array (Name × Nat × Nat)) : Array Name × Array Json := Id.run do
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

def trace (given : Options) (fileName module text : String) : IO (Array Json) := do
  let input := Parser.mkInputContext text fileName
  let name := module.splitOn "." |>.foldl (init := Name.anonymous) fun name part => Name.mkStr name part
  let (env, parserState, messages) ← load given name input
  if messages.hasErrors then
    let mut failure := "its header cannot be read"
    for message in messages.toList do
      failure ← message.data.toString
    let empty := (List.replicate 9 (Json.arr #[])).toArray
    return #[Json.str failure] ++ empty
  let state := Command.mkState env messages (optionsFrom given)
  let state := { state with infoState := { enabled := true } }
  let (rows, _) ← (traceFile.run { inputCtx := input }).run
    { commandState := state, parserState := parserState, cmdPos := parserState.pos }
  return #[Json.str ""] ++ rows

def literal (stx : Syntax) : String := stx.isStrLit?.getD ""
"""

# A keyword of Lean ends the text: without one the question below would be read as part of the last definition.
_COMMAND = f"""\
elab "{KEYWORD} " nonce:str fileName:str module:str text:str : command => do
  let rows ← trace (← getOptions) (literal fileName) (literal module) (literal text)
  logInfo (Json.arr (#[Json.str (literal nonce)] ++ rows)).compress
end LeanSidekick
"""
