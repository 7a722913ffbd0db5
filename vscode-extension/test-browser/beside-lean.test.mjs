// Beside the official extension: its goal is asked for, and nothing depends on the answer.
//
// A stand-in exports what that extension exports; the real one needs elan and more of the network than a test has.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { afterEach, test } from "node:test";
import { packed, place, scenarioFiles, startWorkbench } from "./setting.mjs";
import { until } from "./workbench.mjs";

const standIn = packed("lean4-stand-in");
let workbench;

afterEach(async () => {
  delete process.env.LEAN4_STAND_IN;
  await workbench?.close();
});

async function typeAndSeeTheHint(mode) {
  process.env.LEAN4_STAND_IN = mode;
  workbench = await startWorkbench({
    files: { "suggest.lean": scenarioFiles["suggest.lean"] },
    artefacts: `beside-lean-${mode}`,
    extensions: [standIn],
  });
  await workbench.open("suggest.lean", place("suggest"));
  // The stand-in is there: it notes the documents that are open.
  await until("the stand-in", () => existsSync(path.join(workbench.scratch, "folder/opened.txt")));
  await workbench.page.keyboard.press("Backspace");
  await workbench.page.keyboard.type("o");
  await until("a hint", async () => (await workbench.hints()).some((text) => text.includes("exact h.2")), 60_000);
  await workbench.screenshot("the-hint");
}

test("the goal is asked of the official extension's client", async () => {
  await typeAndSeeTheHint("answers");
  const asked = path.join(workbench.scratch, "folder/asked.jsonl");
  const [first] = readFileSync(asked, "utf8").trim().split("\n");
  const { method, params } = JSON.parse(first);
  assert.equal(method, "$/lean/plainGoal");
  assert.match(params.textDocument.uri, /suggest\.lean$/);
  assert.equal(params.position.line, place("suggest").line - 1);
  // No shadow document is ever an editor document: the official extension would open a worker for each.
  const opened = readFileSync(path.join(workbench.scratch, "folder/opened.txt"), "utf8").trim().split("\n");
  assert.deepEqual([...new Set(opened.map((uri) => path.basename(uri)))], ["suggest.lean"]);
});

test("a promise of it that never resolves keeps nobody waiting", async () => {
  await typeAndSeeTheHint("never");
  assert.equal(existsSync(path.join(workbench.scratch, "folder/asked.jsonl")), false);
});
