// The extension as its users have it: packed, installed in a real VS Code, used with keyboard and mouse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { place, scenarioFiles, startWorkbench } from "./setting.mjs";
import { until } from "./workbench.mjs";

let workbench;

before(async () => {
  workbench = await startWorkbench({ files: scenarioFiles });
});

after(async () => {
  await workbench?.close();
});

/** A test that leaves a screenshot, whatever becomes of it. */
function scenario(name, run) {
  test(name, async () => {
    try {
      await run();
    } finally {
      await workbench.screenshot(name.replaceAll(" ", "-"));
    }
  });
}

/** Whether an entry of a list is a premise of this name. */
function isNamed(name) {
  return (row) => row.startsWith(name);
}

scenario("a checked suggestion appears after a pause", async () => {
  const { page } = workbench;
  const { line, column } = place("suggest");
  await workbench.open("suggest.lean", { line, column });
  // An edit that changes nothing in the end: the last letter once more.
  await page.keyboard.press("Backspace");
  await page.keyboard.type("o");
  const hint = await until("a hint", async () => (await workbench.hints()).find((text) => text.includes("h.2")));
  assert.match(hint, /exact h\.2/);
  // It goes at the next keystroke.
  await page.keyboard.type(" ");
  await until("no hint", async () => !(await workbench.hints()).some((text) => text.includes("h.2")));
  await page.keyboard.press("Backspace");
});

scenario("the lightbulb lists what Lean has run", async () => {
  const { page } = workbench;
  await workbench.open("act.lean", place("act"));
  await until("the suggestion", async () => {
    const titles = await workbench.codeActions();
    if (titles.some((title) => title.startsWith("exact Or.inr hq"))) {
      return true;
    }
    await page.keyboard.press("Escape");
    return false;
  });
  await workbench.screenshot("the-menu-of-code-actions");
  const titles = (await page.locator(".action-widget .monaco-list-row.action").allInnerTexts()).map((title) =>
    title.trim(),
  );
  const order = ["exact Or.inr hq", "Complete the proof", "Premises for this goal", "Find a lemma"];
  const places = order.map((title) => titles.findIndex((each) => each.replaceAll("\u00a0", " ").startsWith(title)));
  assert.deepEqual(
    [...places].sort((a, b) => a - b),
    places,
    titles.join(" | "),
  );
  assert.ok(!places.includes(-1), titles.join(" | "));
  await workbench.take("exact Or.inr hq");
  await until("the edit", async () => /by\n {2}exact Or\.inr hq/.test(await workbench.shown()));
  assert.doesNotMatch(await workbench.shown(), /sorry/);
  await workbench.undo();
  await until("the text as it was", async () => (await workbench.shown()).includes("sorry"));
});

scenario("a proof is completed and undone in one step", async () => {
  await workbench.open("complete.lean", place("complete"));
  await workbench.run("Lean Sidekick: Complete the Proof at the Cursor");
  await until("the proof", async () => (await workbench.shown()).includes("exact ⟨h.2.2, h.1⟩"));
  await workbench.undo();
  await until("the text as it was", async () => (await workbench.shown()).includes("sorry"));
});

scenario("a search is cancelled", async () => {
  const { page } = workbench;
  await workbench.open("endless.lean", place("endless"));
  await workbench.run("Lean Sidekick: Complete the Proof at the Cursor");
  const progress = page.locator(".notification-toast", { hasText: "Completing the proof" });
  await progress.waitFor();
  await workbench.screenshot("progress-of-a-search");
  await progress.getByRole("button", { name: "Cancel" }).click();
  await progress.waitFor({ state: "hidden" });
  assert.match(await workbench.shown(), /sorry/);
});

scenario("every sorry of a file is proved", async () => {
  const { page } = workbench;
  await workbench.open("file.lean", place("file"));
  await workbench.run("Lean Sidekick: Prove Every sorry of This File");
  await until("both proofs", async () => !(await workbench.shown()).includes("sorry"));
  await page.locator(".notification-toast", { hasText: "2 of 2 proved" }).waitFor();
});

scenario("ghost text in the place of the hint", async () => {
  const { page } = workbench;
  await workbench.open("ghost.lean", place("ghost"));
  await page.keyboard.press("Backspace");
  await page.keyboard.type("o");
  const isHinted = async () => (await workbench.hints()).some((text) => text.includes("exact h.2"));
  await until("a hint", isHinted);
  await workbench.setting("leanSidekick.ghostText.enabled", true);
  await until("no hint", async () => !(await isHinted()));
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  const ghost = page.locator('.view-lines span[class*="ghost-text"]').first();
  await ghost.waitFor();
  assert.match((await ghost.innerText()).replaceAll("\u00a0", " "), /exact h\.2/);
  assert.equal((await workbench.shown()).split("exact h.2").length, 2, "it stands there once");
  await workbench.screenshot("ghost-text");
  await page.keyboard.press("Tab");
  await until("the tactic", async () => /And\.intro\n {2}exact h\.2/.test(await workbench.shown()));
  await workbench.setting("leanSidekick.ghostText.enabled", false);
});

scenario("premises for the goal are listed, and a use that Lean took is put in", async () => {
  await workbench.open("premises.lean", place("premises"));
  await until("a hint", async () => (await workbench.hints()).some((text) => text.includes("h.2, h.1")));
  await workbench.run("Lean Sidekick: Premises for This Goal");
  const swap = await until("the lemma above", async () => (await workbench.choices()).find(isNamed("swap_and")));
  assert.match(swap, /\(p q : Prop\) \(h : p ∧ q\) : q ∧ p/, "its statement");
  assert.match(swap, /this file/);
  assert.match(swap, /(near|lexical|symbols|shape) \d/, "why it was chosen");
  assert.match(swap, /The two sides of a conjunction change places\./, "its doc string");
  await workbench.screenshot("the-list-of-premises");
  await workbench.choose("swap_and");
  const use = "exact swap_and _ _ (by assumption)";
  const found = await until("its uses", async () => (await workbench.choices()).find((row) => row.startsWith(use)));
  assert.match(found, /closes the goal/);
  await workbench.screenshot("the-uses-of-a-premise");
  await workbench.choose(use);
  await until("the edit", async () => (await workbench.shown()).includes(`by\n  ${use}`));
  await workbench.undo();
  await until("the text as it was", async () => (await workbench.shown()).includes("sorry"));
});

scenario("a lemma is found by words and put in", async () => {
  const { page } = workbench;
  await workbench.open("premises.lean", place("premises"));
  await workbench.run("Lean Sidekick: Find a Lemma");
  const box = page.locator('.quick-input-widget input[placeholder^="Words"]');
  await box.pressSequentially("zero_ne_ne");
  await until("a part of a name", async () => isNamed("zero_ne_next")((await workbench.choices())[0] ?? ""));
  // The list follows what is typed.
  await box.fill("");
  await box.pressSequentially("sides of a conjunction");
  await until("what the doc string says", async () => isNamed("swap_and")((await workbench.choices())[0] ?? ""));
  await workbench.screenshot("results-while-typing");
  await workbench.choose("swap_and");
  await until("its uses", async () => (await workbench.choices()).some((row) => row.startsWith("exact swap_and")));
  await workbench.choose("exact swap_and");
  await until("the edit", async () => (await workbench.shown()).includes("by\n  exact swap_and _ _ (by assumption)"));
  await workbench.undo();
  await until("the text as it was", async () => (await workbench.shown()).includes("sorry"));
});

scenario("from a lemma to its definition", async () => {
  await workbench.open("premises.lean", place("premises"));
  await workbench.run("Lean Sidekick: Premises for This Goal");
  await until("the lemma above", async () => (await workbench.choices()).some(isNamed("swap_and")));
  await workbench.choose("swap_and");
  await until("its uses", async () =>
    (await workbench.choices()).some((row) => row.startsWith("Go to the definition")),
  );
  await workbench.choose("Go to the definition");
  await until("the cursor on it", async () => (await workbench.status()).includes("Ln 1,"));
});

scenario("the report of a problem is shown, not sent", async () => {
  await workbench.run("Lean Sidekick: Report a Problem");
  await until("the report", async () => (await workbench.shown()).includes("report of a problem"), 60_000);
  assert.match(await workbench.shown(), /nothing was sent/);
});

test("nothing but this machine was asked for", () => {
  assert.deepEqual([...workbench.foreignHosts], []);
});
