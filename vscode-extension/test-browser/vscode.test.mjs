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
  await workbench.take("exact Or.inr hq");
  await until("the edit", async () => /by\n {2}exact Or\.inr hq/.test(await workbench.shown()));
  assert.doesNotMatch(await workbench.shown(), /sorry/);
  await page.keyboard.press("Control+z");
  await until("the text as it was", async () => (await workbench.shown()).includes("sorry"));
});

scenario("a proof is completed and undone in one step", async () => {
  const { page } = workbench;
  await workbench.open("complete.lean", place("complete"));
  await workbench.run("Lean Sidekick: Complete the Proof at the Cursor");
  await until("the proof", async () => (await workbench.shown()).includes("exact ⟨h.2.2, h.1⟩"));
  await page.keyboard.press("Control+z");
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

scenario("the report of a problem is shown, not sent", async () => {
  await workbench.run("Lean Sidekick: Report a Problem");
  await until("the report", async () => (await workbench.shown()).includes("report of a problem"), 60_000);
  assert.match(await workbench.shown(), /nothing was sent/);
});

test("nothing but this machine was asked for", () => {
  assert.deepEqual([...workbench.foreignHosts], []);
});
