/**
 * "Premises for this goal" and "Find a lemma": what the server finds, as lists. The server finds, ranks and checks; here is
 * only the order of questions to the user.
 */

/** The parts of the protocol's types that are shown; see docs/protocol.md. */
export interface Premise {
  readonly name: string;
  readonly kind: string;
  readonly statement: string;
  readonly module: string | null;
  readonly doc: string;
  readonly why: string;
  readonly uri: string | null;
  readonly position: Position | null;
}
export interface Position {
  readonly line: number;
  readonly character: number;
}
export interface PremisesResult {
  readonly items: readonly Premise[];
  readonly note: string;
}
export interface PremiseUse {
  readonly tactic: string;
  readonly effect: string;
  readonly range: { readonly start: Position; readonly end: Position };
  readonly text: string;
}
interface PremiseUsesResult {
  readonly uses: readonly PremiseUse[];
  readonly message: string;
}

/** Where the user is: a place in one version of a document. */
export interface Place {
  readonly uri: string;
  readonly version: number;
  readonly position: Position;
}

export interface Choice<T> {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly value: T;
}

/** What is shown to the user, and done to the text. */
export interface PremiseUi {
  /** One of a list; undefined if none was chosen. */
  choose<T>(placeholder: string, choices: readonly Choice<T>[]): Promise<T | undefined>;
  /** One of a list that is made anew with every change of what the user types. */
  search<T>(placeholder: string, find: (text: string) => Promise<readonly Choice<T>[]>): Promise<T | undefined>;
  /** Puts a use in, if the document is still at that version; whether it did. */
  insert(place: Place, use: PremiseUse): Promise<boolean>;
  open(uri: string, position: Position): Promise<void>;
  copy(text: string): Promise<void>;
  /** A text to read, whole, until the user has done with it. */
  show(title: string, text: string): Promise<void>;
  report(problem: string): void;
}

/** Asks the server; undefined if it could not answer, which the user was told. */
export type Run = (command: string, argument: unknown) => Promise<unknown>;

const MOST = 50;
const DEFINITION = "Go to the definition";
const STATEMENT = "Show the whole statement";
const COPY = "Copy the name";
const DOC_CHARACTERS = 80;

/** Lists what may help the goal at a place, and does with the chosen premise what the user wants. */
export async function premisesForGoal(place: Place, run: Run, ui: PremiseUi): Promise<void> {
  const found = (await run("leanSidekick.findPremises", { ...place, count: MOST })) as PremisesResult | undefined;
  if (found === undefined) {
    return;
  }
  if (found.items.length === 0) {
    ui.report(found.note === "" ? "No premise was found for this goal." : found.note);
    return;
  }
  const hint = found.note === "" ? "Premises for this goal" : found.note;
  const premise = await ui.choose(hint, found.items.map(toChoice));
  if (premise !== undefined) {
    await use(place, premise, run, ui);
  }
}

/** Finds lemmas while the user types, and does with the chosen one what the user wants. */
export async function findLemma(place: Place, run: Run, ui: PremiseUi): Promise<void> {
  const premise = await ui.search("Words, a part of a name, or a pattern such as _ * (_ + _) = _", async (text) => {
    if (text.trim() === "") {
      return [];
    }
    const asked = { uri: place.uri, position: place.position, text, count: MOST };
    const found = (await run("leanSidekick.findLemma", asked)) as PremisesResult | undefined;
    return found === undefined ? [] : found.items.map(toChoice);
  });
  if (premise !== undefined) {
    await use(place, premise, run, ui);
  }
}

async function use(place: Place, premise: Premise, run: Run, ui: PremiseUi): Promise<void> {
  const found = (await run("leanSidekick.premiseUses", { ...place, name: premise.name })) as
    PremiseUsesResult | undefined;
  const choices: Choice<PremiseUse | string>[] = (found?.uses ?? []).map((one) => ({
    label: one.tactic,
    description: one.effect,
    detail: "",
    value: one,
  }));
  const { name, uri, position } = premise;
  if (uri !== null) {
    choices.push({ label: DEFINITION, description: premise.module ?? "", detail: "", value: DEFINITION });
  }
  choices.push({ label: STATEMENT, description: premise.statement, detail: "", value: STATEMENT });
  choices.push({ label: COPY, description: name, detail: "", value: COPY });
  const message = found === undefined ? name : found.message;
  const title = message === "" ? `Uses of ${name}, checked by Lean` : message;
  let chosen = await ui.choose(title, choices);
  while (chosen === STATEMENT) {
    await ui.show(name, wholeText(premise));
    chosen = await ui.choose(title, choices);
  }
  if (chosen === DEFINITION && uri !== null) {
    await ui.open(uri, position ?? { line: 0, character: 0 });
  } else if (chosen === COPY) {
    await ui.copy(name);
  } else if (typeof chosen === "object" && !(await ui.insert(place, chosen))) {
    ui.report("The text has changed since; nothing was put in.");
  }
}

/** What a list has no room for. */
function wholeText({ name, kind, statement, doc, module }: Premise): string {
  return [`${kind} ${name} ${statement}`.trim(), doc.trim(), module ?? "this file"]
    .filter((part) => part !== "")
    .join("\n\n");
}

function toChoice(premise: Premise): Choice<Premise> {
  const { name, statement, module, doc, why } = premise;
  const words = doc.split(/\s+/).join(" ").trim();
  const said = words.length > DOC_CHARACTERS ? `${words.slice(0, DOC_CHARACTERS - 1)}…` : words;
  const facts = [module ?? "this file", said, why];
  return {
    label: name,
    description: statement,
    detail: facts.filter((fact) => fact !== "").join(" · "),
    value: premise,
  };
}
