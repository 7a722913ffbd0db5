// The panel as its users have it, in a real VS Code: by mouse, by keys, by what a screen reader is told, in four themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { place, scenarioFiles, startWorkbench } from "./setting.mjs";
import { until } from "./workbench.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// VS Code 1.100 says "Default " before the first two, newer ones do not, and both take either.
const THEMES = ["Default Dark Modern", "Default Light Modern", "Default High Contrast", "Default High Contrast Light"];
const bare = (theme) => theme.replace(/^Default /, "");

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

const list = () => frame.locator('[role="listbox"]');
const row = (tactic) =>
  frame.locator(".row", { has: frame.locator(".tactic", { hasText: new RegExp(`^${tactic}$`) }) });

/** Waits for something in the panel's page, which VS Code may load anew meanwhile. */
function untilInPanel(what, look) {
  return until(what, async () => {
    frame = await panelFrame();
    return look().catch(() => undefined);
  });
}

/** Waits until the list has a row for a tactic that may be taken, and gives all tactics. */
async function rowsWith(tactic) {
  return untilInPanel(`the suggestion ${tactic}`, async () => {
    const shown = await frame.locator(".row .tactic").allInnerTexts();
    const isFresh = (await list().getAttribute("aria-disabled")) === "false";
    return shown.includes(tactic) && isFresh && shown;
  });
}

const editorShows = (what, text) => until(what, async () => (await workbench.shown()).includes(text));

scenario("the panel opens by its command and shows the goal", async () => {
  await workbench.openByName("act.lean", place("act"));
  await workbench.run("Lean Sidekick: Open Panel");
  await untilInPanel("the goal", async () => (await frame.locator(".goal").first().innerText()).includes("⊢ p ∨ q"));
  const shown = await rowsWith("exact Or.inr hq");
  assert.equal(shown[0], "exact Or.inr hq", "what closes the goal stands first");
  assert.match(await frame.locator("main").innerText(), /\d+ checks? by Lean in /);
});

scenario("a click shows what a suggestion changes", async () => {
  await row("apply Or\\.inr").click();
  const preview = frame.locator(".preview");
  await until("the change", async () => (await preview.innerText()).startsWith("After apply Or.inr"));
  assert.match(await preview.locator(".target.changed").innerText(), /⊢ q$/);
  assert.match(await preview.innerText(), /3 hypotheses as before/);
  assert.match(await workbench.shown(), /sorry/, "nothing was put in");
});

scenario("arrows and Enter put a suggestion in and undo takes it out in one step", async () => {
  const { page } = workbench;
  await list().focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  assert.equal(await frame.locator('.row[aria-selected="true"] .tactic').innerText(), "exact Or.inr hq");
  await page.keyboard.press("Enter");
  await until("the edit", async () => /by\n {2}exact Or\.inr hq/.test(await workbench.shown()));
  assert.doesNotMatch(await workbench.shown(), /sorry/);
  // The focus is in the editor again, so its undo is a key away.
  await workbench.undo();
  await editorShows("the text as it was", "sorry");
  await rowsWith("exact Or.inr hq");
});

scenario("Escape goes back to the editor and the panel follows the text", async () => {
  const { page } = workbench;
  await list().focus();
  await page.keyboard.press("Escape");
  await page.locator(".monaco-editor.focused").waitFor();
  await workbench.goTo({ line: 1, column: 1 });
  await until("a word of why", async () =>
    (await frame.locator(".notice").innerText()).includes("No tactic can stand here"),
  );
  await workbench.goTo(place("act"));
  await rowsWith("exact Or.inr hq");
  await workbench.openByName("file.lean", place("file"));
  await until("another goal", async () => (await frame.locator(".goal").first().innerText()).includes("⊢ q → p"));
});

scenario("a search that was cancelled says so", async () => {
  const { page } = workbench;
  await workbench.openByName("endless.lean", place("endless"));
  await workbench.run("Lean Sidekick: Complete the Proof at the Cursor");
  const progress = page.locator(".notification-toast", { hasText: "Completing the proof" });
  await progress.getByRole("button", { name: "Cancel" }).click();
  await progress.waitFor({ state: "hidden" });
  await until("how it ended", async () =>
    (await frame.locator("#search-status").innerText()).endsWith("Stopped before it was through; nothing was changed."),
  );
});

scenario("a completion fills the tree of the last search", async () => {
  const { page } = workbench;
  await workbench.openByName("complete.lean", place("complete"));
  await workbench.run("Lean Sidekick: Complete the Proof at the Cursor");
  await editorShows("the proof", "exact ⟨h.2.2, h.1⟩");
  // Before that it may show the search while it runs.
  await until("the end of the search", async () =>
    /^both: proved/.test(await frame.locator("#search-status").innerText()),
  );
  const root = frame.locator('[role="treeitem"]').first();
  const spoken = async (item) => (await item.locator("> :not([aria-hidden])").allTextContents()).join(", ");
  assert.match(await spoken(root), /^goal, ⊢ r ∧ p, proved, \d+ run/);
  await root.focus();
  await page.keyboard.press("ArrowDown");
  assert.match(await spoken(frame.locator('[role="treeitem"]:focus')), /^tactic, exact ⟨.*⟩, proved, /);
  await workbench.screenshot("the-tree-by-keyboard");
  await workbench.openByName("complete.lean", place("complete"));
  await workbench.undo();
  await editorShows("the text as it was", "sorry");
});

scenario("what it shows outlives being hidden", async () => {
  const { page } = workbench;
  await workbench.openByName("act.lean", place("act"));
  await workbench.run("Lean Sidekick: Open Panel");
  await rowsWith("exact Or.inr hq");
  await workbench.run("View: Show Search");
  await until("no panel", async () => {
    for (const each of page.frames()) {
      if (await each.evaluate(() => document.getElementById("panel") !== null).catch(() => false)) {
        return false;
      }
    }
    return true;
  });
  await workbench.run("Lean Sidekick: Open Panel");
  await rowsWith("exact Or.inr hq");
  await untilInPanel("the last search", async () =>
    /^both: proved/.test(await frame.locator("#search-status").innerText()),
  );
});

/** A message to the page as the extension sends it. */
const say = (message) => frame.evaluate((each) => globalThis.postMessage(each, "*"), message);

/** A round with these tactics, in a state that says that more may come. */
function roundOf(tactics, more = {}) {
  const goal = { case: null, hypotheses: [], same: 0, sign: "⊢", target: "p", changed: false, other: false };
  const suggestions = tactics.map((tactic) => {
    return { tactic, effect: "1 goal left: ⊢ p", source: "shape", closes: false, goals: [goal], more: 0 };
  });
  const numbers = { version: 1, round: 99_999, checks: tactics.length, milliseconds: 5, first: 1, more: 0 };
  const texts = { uri: "file:///A.lean", state: "running", message: "" };
  const round = { ...texts, ...numbers, goals: [goal], suggestions, tallies: [], ...more };
  return { kind: "round", round, isStale: false, notice: "" };
}

/** A search in which each goal has one tactic; the newest goals stand first. */
function searchOf(count) {
  const kinds = { state: "open", detail: "3 run" };
  const items = Array.from({ length: count }, (_, index) => {
    const id = 2 * (count - index);
    return [
      { id, parent: null, kind: "goal", text: `⊢ goal ${id / 2}`, ...kinds },
      { id: id + 1, parent: id, kind: "tactic", text: `tactic ${id / 2}`, ...kinds },
    ];
  }).flat();
  return {
    kind: "search",
    search: { uri: "file:///A.lean", declaration: "long", running: true, message: `${count}`, items, more: 0 },
  };
}

/** Fails unless an element stands where it stood, when messages have come that put more above it. */
async function staysWhereItIs(what, element, messages) {
  const before = await element.boundingBox();
  for (const message of messages) {
    await say(message);
    // Two frames: the browser's own scroll anchoring comes with the next layout.
    await frame.evaluate(
      () => new Promise((done) => globalThis.requestAnimationFrame(() => globalThis.requestAnimationFrame(done))),
    );
    const after = await element.boundingBox();
    assert.ok(Math.abs(after.y - before.y) <= 1, `${what} went from ${before.y} to ${after.y}`);
  }
}

test("room for the whole panel", () => workbench.page.setViewportSize({ width: 1280, height: 1160 }));

for (const theme of THEMES) {
  scenario(`nothing is hard to read or to use in ${theme}`, async () => {
    await workbench.setting("workbench.colorTheme", theme);
    const shown = () => frame.evaluate(() => document.body.dataset.vscodeThemeId);
    await until(theme, async () => bare(await shown()) === bare(theme));
    await row("cases Classical\\.em p .*").click();
    await list().focus();
    assert.match(await frame.locator(".preview .added").first().innerText(), /hp : p$/);
    const { violations, contrasts } = await frame.evaluate(async (source) => {
      // The frame has no background of its own; what stands behind it is the side bar's.
      document.body.style.backgroundColor = "var(--vscode-sideBar-background)";
      (0, globalThis.eval)(source);
      const rules = { "page-has-heading-one": { enabled: false } };
      const found = await globalThis.axe.run(document, { rules });
      const contrasts = found.passes.find(({ id }) => id === "color-contrast")?.nodes.length ?? 0;
      document.body.style.backgroundColor = "";
      return {
        contrasts,
        violations: found.violations.flatMap(({ id, nodes }) =>
          nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
        ),
      };
    }, axe);
    assert.deepEqual(violations, []);
    assert.ok(contrasts > 10, `colours were measured (${contrasts})`);
    const outline = await list().evaluate((each) => each.ownerDocument.defaultView.getComputedStyle(each).outlineStyle);
    assert.equal(outline, "solid", "the focus can be seen");
    await workbench.screenshotOf("#workbench\\.parts\\.sidebar", `panel-${theme.replaceAll(" ", "-")}`);
  });
}

/** Takes pointer and focus out of the panel and waits until what was kept in its place has gone back. */
async function pointAtNothing() {
  await workbench.page.mouse.move(700, 300);
  await frame.evaluate(() => document.activeElement?.blur());
  await until("the room given back", () =>
    frame.evaluate(() => ["paddingTop", "paddingBottom"].every((side) => document.documentElement.style[side] === "")),
  );
}

scenario("what is pointed at does not jump", async () => {
  const { page } = workbench;
  const many = Array.from({ length: 12 }, (_, index) => `apply lemma_${index}`);
  const warning = {
    message: "There is an error above this place, in words that take more than one line of a side bar.",
  };
  await pointAtNothing();
  await say(roundOf(["intro a", "intro b"]));
  // The pointer on a row: better ones, and a warning above the whole list.
  await row("intro b").hover();
  await staysWhereItIs("the row under the pointer", row("intro b"), [
    roundOf(["exact h", "intro a", "intro b"]),
    roundOf([...many, "intro a", "intro b"], warning),
    roundOf(["intro b"]),
  ]);
  await pointAtNothing();
  // The pointer on the button of what the chosen one does: neither it nor its meaning moves.
  await say(roundOf(["intro a", "intro b"]));
  const take = frame.locator("button.take");
  await take.hover();
  await staysWhereItIs("the button under the pointer", take, [roundOf([...many, "intro a", "intro b"], warning)]);
  assert.match(await frame.locator(".preview").innerText(), /^After intro a/);
  await pointAtNothing();
  // The focus in the list.
  await say(roundOf(["intro a", "intro b"]));
  await list().focus();
  await page.keyboard.press("End");
  await staysWhereItIs("the row in focus", row("intro b"), [roundOf([...many, "intro a", "intro b"], warning)]);
  // The tree, by pointer and by focus: goals come above the row, and go.
  const line = frame.locator('[role="treeitem"]', { hasText: /⊢ goal 3(?!\d)/ });
  await say(searchOf(6));
  await line.hover();
  await staysWhereItIs("the goal under the pointer", line, [searchOf(40), searchOf(80), searchOf(6)]);
  await line.click();
  await page.mouse.move(700, 300);
  await staysWhereItIs("the goal in focus", line, [searchOf(40), searchOf(6)]);
  assert.ok(await line.evaluate((each) => each === each.ownerDocument.activeElement), "the focus is kept");
  // What was made up goes when the panel follows the editor again.
  await workbench.openByName("file.lean", place("file"));
  await workbench.openByName("act.lean", place("act"));
  await rowsWith("exact Or.inr hq");
});

test("the page may ask nobody anything", async () => {
  const refused = await frame.evaluate(async () => {
    const refusal = new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective));
    });
    const answer = fetch("https://example.org/").then(
      () => "an answer",
      () => refusal,
    );
    return answer;
  });
  assert.equal(refused, "connect-src");
  assert.deepEqual([...workbench.foreignHosts], []);
});
