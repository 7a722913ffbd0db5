/** The order of questions about premises: what is asked of the server, what of the user, and what is put in. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findLemma, premisesForGoal, type Choice, type Place, type PremiseUi } from "../src/premises";

const PLACE: Place = { uri: "file:///A.lean", version: 3, position: { line: 1, character: 2 } };
const PREMISE = {
  name: "Nat.foo",
  kind: "theorem",
  statement: ": 1 = 1",
  module: "Lib",
  doc: "Says\n it.",
  why: "lexical 1 (nat)",
  uri: "file:///Lib.lean",
  position: { line: 4, character: 0 },
};
const USE = {
  tactic: "exact Nat.foo",
  effect: "closes the goal",
  range: { start: PLACE.position, end: { line: 1, character: 7 } },
  text: "exact Nat.foo",
};

/** A user who chooses by label, and a server that answers from a table; both say what they were asked. */
class Scene implements PremiseUi {
  readonly seen: unknown[] = [];
  isCurrent = true;
  typed = "";

  constructor(
    private readonly answers: Record<string, unknown>,
    private readonly labels: string[] = [],
  ) {}

  readonly run = (command: string, argument: unknown): Promise<unknown> => {
    this.seen.push([command.replace("leanSidekick.", ""), argument]);
    return Promise.resolve(this.answers[command.replace("leanSidekick.", "")]);
  };
  choose<T>(placeholder: string, choices: readonly Choice<T>[]): Promise<T | undefined> {
    this.seen.push([placeholder, choices.map(({ label, description, detail }) => [label, description, detail])]);
    const label = this.labels.shift();
    return Promise.resolve(choices.find((choice) => choice.label === label)?.value);
  }
  async search<T>(placeholder: string, find: (text: string) => Promise<readonly Choice<T>[]>): Promise<T | undefined> {
    assert.deepEqual(await find(" "), [], "nothing is asked for an empty question");
    return this.choose(placeholder, await find(this.typed));
  }
  insert(place: Place, use: unknown): Promise<boolean> {
    this.seen.push(["insert", place, use]);
    return Promise.resolve(this.isCurrent);
  }
  open(uri: string, position: unknown): Promise<void> {
    this.seen.push(["open", uri, position]);
    return Promise.resolve();
  }
  copy(text: string): Promise<void> {
    this.seen.push(["copy", text]);
    return Promise.resolve();
  }
  show(title: string, text: string): Promise<void> {
    this.seen.push(["show", title, text]);
    return Promise.resolve();
  }
  report(problem: string): void {
    this.seen.push(["report", problem]);
  }
}

const FOUND = { items: [PREMISE], note: "" };

describe("premises", () => {
  it("are listed with all there is to say, and a use that Lean took is put in", async () => {
    const scene = new Scene({ findPremises: FOUND, premiseUses: { uses: [USE], message: "" } }, [
      "Nat.foo",
      "exact Nat.foo",
    ]);
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen, [
      ["findPremises", { ...PLACE, count: 50 }],
      ["Premises for this goal", [["Nat.foo", ": 1 = 1", "Lib · Says it. · lexical 1 (nat)"]]],
      ["premiseUses", { ...PLACE, name: "Nat.foo" }],
      [
        "Uses of Nat.foo, checked by Lean",
        [
          ["exact Nat.foo", "closes the goal", ""],
          ["Go to the definition", "Lib", ""],
          ["Show the whole statement", ": 1 = 1", ""],
          ["Copy the name", "Nat.foo", ""],
        ],
      ],
      ["insert", PLACE, USE],
    ]);
  });

  it("lead to the definition, also where Lean takes no use", async () => {
    const uses = { uses: [], message: "Lean takes no use of Nat.foo here." };
    const scene = new Scene({ findPremises: FOUND, premiseUses: uses }, ["Nat.foo", "Go to the definition"]);
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen.at(-2), [
      uses.message,
      [
        ["Go to the definition", "Lib", ""],
        ["Show the whole statement", ": 1 = 1", ""],
        ["Copy the name", "Nat.foo", ""],
      ],
    ]);
    assert.deepEqual(scene.seen.at(-1), ["open", PREMISE.uri, PREMISE.position]);
  });

  it("can be read whole, and used after that", async () => {
    const scene = new Scene({ findPremises: FOUND, premiseUses: { uses: [USE], message: "" } }, [
      "Nat.foo",
      "Show the whole statement",
      "exact Nat.foo",
    ]);
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen.at(-3), ["show", "Nat.foo", "theorem Nat.foo : 1 = 1\n\nSays\n it.\n\nLib"]);
    assert.deepEqual(scene.seen.at(-1), ["insert", PLACE, USE]);
  });

  it("have a name that can be copied, and a reason for which a long doc string leaves room", async () => {
    const found = { items: [{ ...PREMISE, uri: null, doc: "w ".repeat(100) }], note: "" };
    const scene = new Scene({ findPremises: found }, ["Nat.foo", "Copy the name"]);
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen.at(-1), ["copy", "Nat.foo"]);
    const [, [[, , detail]]] = scene.seen[1] as [string, [[string, string, string]]];
    assert.equal(detail, `Lib · ${"w ".repeat(39)}w… · lexical 1 (nat)`);
  });

  it("are not put into a text that has changed", async () => {
    const scene = new Scene({ findPremises: FOUND, premiseUses: { uses: [USE], message: "" } }, [
      "Nat.foo",
      "exact Nat.foo",
    ]);
    scene.isCurrent = false;
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen.at(-1), ["report", "The text has changed since; nothing was put in."]);
  });

  it("say in one sentence why there are none", async () => {
    const scene = new Scene({ findPremises: { items: [], note: "The index is being built." } });
    await premisesForGoal(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen.at(-1), ["report", "The index is being built."]);
    const failed = new Scene({});
    await premisesForGoal(PLACE, failed.run, failed);
    assert.equal(failed.seen.length, 1, "a failure was reported by whoever ran the command");
  });

  it("are found by words", async () => {
    const scene = new Scene({ findLemma: FOUND, premiseUses: { uses: [USE], message: "" } }, ["Nat.foo"]);
    scene.typed = "_ + _ = _";
    await findLemma(PLACE, scene.run, scene);
    assert.deepEqual(scene.seen[0], [
      "findLemma",
      { uri: PLACE.uri, position: PLACE.position, text: "_ + _ = _", count: 50 },
    ]);
    const [title] = scene.seen.at(-1) as [string];
    assert.equal(title, "Uses of Nat.foo, checked by Lean");
  });
});
