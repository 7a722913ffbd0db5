"""The Lean side of the environment dump: its text by version, how a question gets in, how the answer comes out. Pure.

The text stands below a header that imports `Lean` and the modules asked about, and defines two commands,

    lean_sidekick_modules "nonce" first characters
    lean_sidekick_premises "nonce" "[module, …]" first characters milliseconds

Each logs one message. The first lists the imported modules with their own imports, from the `first` on; the second the
declarations of some modules, by their indexes in that list, from the `first` of the first of them on. Both stop after
so many characters (and milliseconds), and say where to go on, so that neither side ever holds much.

What is left out: private and internal names, what is `unsafe`, recursors and what Lean makes from them, and the
helpers of `match` and of proofs. A statement is a signature as people write one, `(a b : Nat) (h : a = b) : b = a`.

Versions: a `Part` says one thing in several spellings, the likeliest first; the last is one that every Lean takes and
that says nothing. Which spelling to use is not concluded from the version: `environment.py` elaborates the text and
gives each part that fails its next spelling. All was run live on the Lean of July 2021; the spellings of later Leans
were not tried.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen

from lean_sidekick.core.declarations import split_name
from lean_sidekick.core.positions import Position
from lean_sidekick.core.scanner import KEYWORDS
from lean_sidekick.lean.diagnostics import Diagnostic, Severity
from lean_sidekick.lean.spellings import Part

MODULES_KEYWORD = "lean_sidekick_modules"
PREMISES_KEYWORD = "lean_sidekick_premises"


@frozen(kw_only=True)
class ModuleRow:
    """An imported module with the modules it imports itself."""

    name: str
    imports: tuple[str, ...]


@frozen(kw_only=True)
class PremiseRow:
    """A declaration as Lean reports it; `module` is an index into the list of modules.

    `statement` is None where Lean could not print it. `start` and `end` are None where Lean keeps no position.
    """

    module: int
    name: str
    kind: str
    statement: str | None
    doc: str
    start: Position | None
    end: Position | None
    attributes: tuple[str, ...]
    deprecated: str | None
    constants: tuple[str, ...]
    uses: tuple[str, ...] | None


@frozen(kw_only=True)
class ModulesAnswer:
    """`next` is the index of the first module that the message had no room for."""

    next: int
    rows: tuple[ModuleRow, ...]


@frozen(kw_only=True)
class PremisesAnswer:
    """`done` of the modules asked for are finished; the one after them goes on at its declaration `next`."""

    done: int
    next: int
    rows: tuple[PremiseRow, ...]


def header_of(modules: Sequence[str]) -> str:
    """The header of a document that imports `Lean` and some modules."""
    return "".join(f"import {name}\n" for name in dict.fromkeys((*modules, "Lean")))


def modules_command(nonce: str, first: int, characters: int) -> str:
    """The line that asks for the list of modules."""
    return f"{MODULES_KEYWORD} {json.dumps(nonce)} {first} {characters}"


def premises_command(nonce: str, modules: Sequence[int], first: int, characters: int, milliseconds: int) -> str:
    """The line that asks for the declarations of some modules."""
    return (
        f"{PREMISES_KEYWORD} {json.dumps(nonce)} {json.dumps(json.dumps(modules))} {first} {characters} {milliseconds}"
    )


def read_modules(nonce: str, diagnostics: Iterable[Diagnostic]) -> ModulesAnswer | None:
    """The answer to `modules_command`; None if there is not exactly one with this nonce, or it cannot be read."""
    try:
        _, following, rows = answer_of(nonce, diagnostics)
        return ModulesAnswer(
            next=int(following),
            rows=tuple(ModuleRow(name=str(name), imports=tuple(map(str, imports))) for name, imports in rows),
        )
    except (ValueError, TypeError):
        return None


def read_premises(nonce: str, diagnostics: Iterable[Diagnostic]) -> PremisesAnswer | None:
    """The answer to `premises_command`; None if there is not exactly one with this nonce, or it cannot be read."""
    try:
        _, done, following, rows = answer_of(nonce, diagnostics)
        return PremisesAnswer(done=int(done), next=int(following), rows=tuple(read_premise_row(*row) for row in rows))
    except (ValueError, TypeError):
        return None


def answer_of(nonce: str, diagnostics: Iterable[Diagnostic]) -> Any:
    """The parts of the one message with this nonce, as JSON. Raises ValueError."""
    begin = f'["{nonce}",'
    found = [
        d.message for d in diagnostics if d.severity is Severity.INFORMATION and d.message.lstrip().startswith(begin)
    ]
    if len(found) != 1:
        raise ValueError(f"{len(found)} answers")
    return json.loads(found[0])


def read_premise_row(
    module: int,
    name: str,
    kind: str,
    statement: str | None,
    doc: str | None,
    place: list[int] | None,
    attributes: list[str],
    deprecated: str | None,
    constants: list[str],
    uses: list[str] | None,
) -> PremiseRow:
    """A row of `premiseRow`. Raises ValueError and TypeError where it is none."""
    start = end = None
    if place is not None:
        line, character, end_line, end_character = place
        start, end = Position(line - 1, character), Position(end_line - 1, end_character)
        if start == end:  # what has no place gets the top of the file
            start = end = None
    return PremiseRow(
        module=int(module),
        name=typed_name(str(name)),
        kind=str(kind),
        statement=None if statement is None else str(statement),
        doc=(doc or "").strip(),
        start=start,
        end=end,
        attributes=tuple(map(str, attributes)),
        deprecated=None if deprecated is None else str(deprecated),
        constants=tuple(typed_name(str(name)) for name in constants),
        uses=None if uses is None else tuple(typed_name(str(name)) for name in uses),
    )


def typed_name(name: str) -> str:
    """A name as it has to be typed: a Lean of 2021 leaves the guillemets of keywords out."""
    components = split_name(name)
    if KEYWORDS.isdisjoint(components):
        return name
    return ".".join(f"«{part}»" if part in KEYWORDS else part for part in components)


def parts() -> tuple[Part, ...]:
    """The text, part by part."""
    return (
        *row_parts(),
        *(Part(spellings=spellings, is_needed=True) for spellings in (_MODULE_DATA, (_ANSWERS,), (_COMMANDS,))),
    )


def row_parts() -> tuple[Part, ...]:
    """The beginning of the text, which opens the namespace and defines `premiseRow`; the namespace stays open."""
    optional = (_SIMP, _INSTANCE, _REDUCIBLE, _DOC, _DEPRECATED)
    return (
        Part(spellings=(_BEGIN,), is_needed=True),
        Part(spellings=_LAST_PART, is_needed=True),
        *(Part(spellings=spellings) for spellings in optional),
        *(Part(spellings=(text,), is_needed=True) for text in (_STATEMENT, _ROWS)),
    )


_BEGIN = """\
namespace LeanSidekick
open Lean Lean.Meta Lean.Elab Lean.Elab.Command
"""

_LAST_PART = (
    """\
def lastPart (name : Name) : Option String :=
  match name with
  | Name.str _ s => some s
  | _ => none
""",
    """\
def lastPart (name : Name) : Option String :=
  match name with
  | Name.str _ s _ => some s
  | _ => none
""",
)

# The imports and the declarations of a module. The Lean of 2021 keeps no module data: it is read again.
_MODULE_DATA = (
    """\
def moduleData (env : Environment) (index : Nat) : IO (Array Name × Array Name) := do
  let data := env.header.moduleData[index]!
  return (data.imports.map (fun i => i.module), data.constNames)
""",
    """\
def moduleData (env : Environment) (index : Nat) : IO (Array Name × Array Name) := do
  let (data, _) ← readModuleData (← findOLean (env.header.moduleNames.get! index))
  return (data.imports.map (fun i => i.module), data.constants.map (fun c => c.name))
""",
)

_SIMP = (
    """\
def isSimp (name : Name) : MetaM Bool := do
  let theorems ← getSimpTheorems
  return theorems.isLemma (.decl name) || theorems.isDeclToUnfold name
""",
    """\
def isSimp (name : Name) : MetaM Bool := do
  let lemmas ← getSimpLemmas
  return (lemmas.lemmaNames.contains name || lemmas.toUnfold.contains name) && !lemmas.erased.contains name
""",
    "def isSimp (name : Name) : MetaM Bool := return false\n",
)

_INSTANCE = (
    "def isInst (name : Name) : MetaM Bool := Meta.isInstance name\n",
    "def isInst (name : Name) : MetaM Bool := return Meta.isGlobalInstance (← getEnv) name\n",
    "def isInst (name : Name) : MetaM Bool := return false\n",
)

_REDUCIBLE = (
    "def isAbbreviation (name : Name) : MetaM Bool := isReducible name\n",
    "def isAbbreviation (name : Name) : MetaM Bool := return false\n",
)

_DOC = (
    "def docOf (name : Name) : MetaM (Option String) := do findDocString? (← getEnv) name\n",
    "def docOf (name : Name) : MetaM (Option String) := findDocString? name\n",
    "def docOf (name : Name) : MetaM (Option String) := return none\n",
)

_DEPRECATED = (
    """\
def deprecation (name : Name) : MetaM (Option String) := do
  match Linter.deprecatedAttr.getParam? (← getEnv) name with
  | some entry =>
    match entry.newName?, entry.text? with
    | some newer, _ => return some (toString newer)
    | none, some text => return some text
    | none, none => return some ""
  | none => return none
""",
    """\
def deprecation (name : Name) : MetaM (Option String) := do
  match Linter.deprecatedAttr.getParam? (← getEnv) name with
  | some (some newer) => return some (toString newer)
  | some none => return some ""
  | none => return none
""",
    "def deprecation (name : Name) : MetaM (Option String) := return none\n",
)

_STATEMENT = """\
def attempt {α : Type} (x : MetaM α) : MetaM (Option α) :=
  fun c₁ r₁ c₂ r₂ => do
    try
      return some (← x c₁ r₁ c₂ r₂)
    catch _ => return none

def bracketed (info : BinderInfo) (text : String) : String :=
  match info with
  | BinderInfo.implicit => "{" ++ text ++ "} "
  | BinderInfo.strictImplicit => "⦃" ++ text ++ "⦄ "
  | BinderInfo.instImplicit => "[" ++ text ++ "] "
  | _ => "(" ++ text ++ ") "

def shown (e : Expr) : MetaM String := do
  return (← ppExpr e).pretty 1000000

partial def signature (done names : String) (info : BinderInfo) (type : String) (e : Expr) : MetaM String := do
  let closed := if names.isEmpty then done else done ++ bracketed info (names ++ " : " ++ type)
  let rest := fun (_ : Unit) => do return closed ++ ": " ++ (← shown e)
  if e.isForall then
    let name := e.bindingName!
    let binder := e.bindingInfo!
    let isInst := binder == BinderInfo.instImplicit
    if name.hasMacroScopes && !isInst then rest ()
    else
      let isHidden := name.hasMacroScopes
      let domain ← shown e.bindingDomain!
      let lctx ← getLCtx
      let name := if lctx.usesUserName name then lctx.getUnusedName name else name
      withLocalDecl name binder e.bindingDomain! fun x => do
        let body := e.bindingBody!.instantiate1 x
        if isHidden then
          signature (closed ++ bracketed binder domain) "" binder "" body
        else if !names.isEmpty && binder == info && domain == type && !isInst then
          signature done (names ++ " " ++ toString name) info type body
        else
          signature closed (toString name) binder domain body
  else rest ()
"""

_ROWS = """\
def isGenerated (name : Name) : Bool :=
  match lastPart name with
  | some s => s.startsWith "match_" || s.startsWith "proof_" || s == "noConfusionType"
  | none => true

def isShown (env : Environment) (info : ConstantInfo) : Bool :=
  let name := info.name
  let isRecursor := match info with
    | ConstantInfo.recInfo _ => true
    | _ => false
  !(name.isInternal || isPrivateName name || info.isUnsafe || isRecursor || isGenerated name
    || isAuxRecursor env name || isNoConfusion env name)

def kindOf (info : ConstantInfo) : MetaM String := do
  match info with
  | ConstantInfo.axiomInfo _ => return "axiom"
  | ConstantInfo.thmInfo _ => return "theorem"
  | ConstantInfo.opaqueInfo _ => return "opaque"
  | ConstantInfo.ctorInfo _ => return "constructor"
  | ConstantInfo.inductInfo _ =>
    let env ← getEnv
    if isClass env info.name then return "class"
    if isStructure env info.name then return "structure"
    return "inductive"
  | ConstantInfo.defnInfo _ => if (← isInst info.name) then return "instance" else return "def"
  | _ => return "constant"

def textOrNull (text : Option String) : Json :=
  match text with
  | some text => Json.str text
  | none => Json.null

/- The theorems and axioms in a proof; what Lean split off from it counts as a part of it. -/
partial def usedIn (env : Environment) (depth : Nat) (done : Array Name) (proof : Expr) : Array Name :=
  proof.getUsedConstants.foldl (init := done) fun done name =>
    let isPart := name.isInternal || isPrivateName name || isGenerated name
    match env.find? name with
    | some (ConstantInfo.thmInfo val) =>
      if !isPart then (if done.contains name then done else done.push name)
      else if depth == 0 then done
      else usedIn env (depth - 1) done val.value
    | some (ConstantInfo.axiomInfo _) => if done.contains name then done else done.push name
    | _ => done

def namesOrNull (names : Option (Array Name)) : Json :=
  match names with
  | some names => Json.arr (names.map (fun n => Json.str (toString n)))
  | none => Json.null

def premiseRow (module : Nat) (info : ConstantInfo) : MetaM Json := do
  let name := info.name
  let statement ← attempt <| signature "" "" BinderInfo.default "" info.type
  let doc ← attempt <| docOf name
  let deprecated ← attempt <| deprecation name
  let place ← attempt <| findDeclarationRanges? name
  let place := match place with
    | some (some ranges) =>
      let r := ranges.range
      Json.arr (#[r.pos.line, r.charUtf16, r.endPos.line, r.endCharUtf16].map (fun (n : Nat) => toJson n))
    | _ => Json.null
  let mut attributes := #[]
  if (← isSimp name) then attributes := attributes.push "simp"
  if (← isInst name) then attributes := attributes.push "instance"
  if (← isAbbreviation name) then attributes := attributes.push "reducible"
  let env ← getEnv
  let uses := match info with
    | ConstantInfo.thmInfo val => some (usedIn env 3 #[] val.value)
    | _ => none
  return Json.arr #[toJson module, Json.str (toString name), Json.str (← kindOf info), textOrNull statement,
    textOrNull (doc.getD none), place, Json.arr (attributes.map Json.str), textOrNull (deprecated.getD none),
    namesOrNull (some info.type.getUsedConstants), namesOrNull uses]

"""

_ANSWERS = """\
def unlimited (x : MetaM String) : MetaM String :=
  withTheReader Core.Context (fun c => { c with maxHeartbeats := 0 }) x

def modulesAnswer (nonce : String) (first characters : Nat) : MetaM String := unlimited do
  let env ← getEnv
  let mut rows := #[]
  let mut size := 0
  let mut next := first
  for name in env.header.moduleNames[first:] do
    if size ≤ characters then
      let (imports, _) ← moduleData env next
      let row := Json.arr #[Json.str (toString name), Json.arr (imports.map (fun i => Json.str (toString i)))]
      rows := rows.push row
      size := size + row.compress.length
      next := next + 1
  return (Json.arr #[Json.str nonce, toJson next, Json.arr rows]).compress

def premisesAnswer (nonce : String) (modules : Array Nat) (first characters milliseconds : Nat) : MetaM String :=
  unlimited do
  let env ← getEnv
  let start ← IO.monoMsNow
  let mut rows := #[]
  let mut size := 0
  let mut done := 0
  let mut next := first
  for module in modules do
    let mut isOver := size > characters || (← IO.monoMsNow) - start > milliseconds
    unless isOver do
      let (_, names) ← moduleData env module
      let begun := next
      for name in names[begun:] do
        unless isOver do
          next := next + 1
          match env.find? name with
          | some info =>
            if isShown env info then
              let row ← premiseRow module info
              rows := rows.push row
              size := size + row.compress.length
              isOver := size > characters || (← IO.monoMsNow) - start > milliseconds
          | none => pure ()
      if next ≥ names.size then
        done := done + 1
        next := 0
  return (Json.arr #[Json.str nonce, toJson done, toJson next, Json.arr rows]).compress

def numbers (text : String) : Array Nat :=
  match Json.parse text with
  | Except.ok (Json.arr items) => items.foldl (init := #[]) fun done item =>
    match fromJson? (α := Nat) item with
    | Except.ok n => done.push n
    | _ => done
  | _ => #[]

def textOf (literal : Syntax) : String := literal.isStrLit?.getD ""
def numberOf (literal : Syntax) : Nat := literal.isNatLit?.getD 0
"""

# A keyword of Lean ends the text: without one the question below would be read as part of the last definition.
_COMMANDS = f"""\
def answer (x : MetaM String) : CommandElabM Unit := do
  logInfo (← liftCoreM x.run')
elab "{MODULES_KEYWORD} " nonce:str first:num characters:num : command =>
  answer <|
    modulesAnswer (textOf nonce) (numberOf first) (numberOf characters)
elab "{PREMISES_KEYWORD} " nonce:str modules:str first:num characters:num milliseconds:num : command =>
  answer <|
    premisesAnswer (textOf nonce) (numbers (textOf modules))
      (numberOf first) (numberOf characters) (numberOf milliseconds)
end LeanSidekick
"""
