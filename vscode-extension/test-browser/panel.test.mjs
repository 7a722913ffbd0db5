// The panel as its users have it, in a real VS Code: by mouse, by keys, by what a screen reader is told, in four themes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { place, scenarioFiles, startWorkbench } from "./setting.mjs";
import { until } from "./workbench.mjs";

let workbench;
let frame;

before(async () => {
  workbench = await startWorkbench({ files: scenarioFiles, artefacts: "panel" });
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

/** The panel's page inside the frames that VS Code puts around it. */
async function panelFrame() {
  return until("the panel's page", async () => {
    for (const each of workbench.page.frames()) {
      const isPanel = await each.evaluate(() => document.getElementById("panel") !== null).catch(() => false);
      if (isPanel) {
        return each;
      }
    }
    return undefined;
  });
}

const rows = () => frame.locator(".row:visible .tactic").allInnerTexts();
const isFresh = async () => (await frame.locator('[role="listbox"]').getAttribute("aria-disabled")) === "false";

async function rowsWith(tactic) {
  return until(`the suggestion ${tactic}`, async () => {
    const shown = await rows();
    return shown.includes(tactic) && (await isFresh()) && shown;
  });
}

scenario("the panel opens by its command and shows the goal", async () => {
  await workbench.open("act.lean", place("act"));
  await workbench.run("Lean Sidekick: Open Panel");
  frame = await panelFrame();
  await until("the goal", async () => (await frame.locator(".goal").first().innerText()).includes("⊢ p ∨ q"));
  await rowsWith("exact Or.inr hq");
  assert.match(await frame.locator("main").innerText(), /\d+ checks? by Lean in /);
});
