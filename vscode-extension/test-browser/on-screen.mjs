// How soon the best suggestion stands on the screen: from the last keystroke to the hint in the page, no model.
//
//   LEAN_SIDEKICK_LEAN=... node on-screen.mjs PLACES.json OUT.json     (benchmarks/on_screen.py writes the places)
//
// A place is a text and the line and column behind its last letter. The letter is typed once to warm up, taken back, and
// typed again; the clock is the page's own, from the event of that key to the change of the page that shows the hint.
import { readFileSync, writeFileSync } from "node:fs";
import { hasLean, startWorkbench } from "./setting.mjs";

const [placesFile, outFile] = process.argv.slice(2);
const HINT_LIMIT_MS = 8_000;
// The first hint of a file waits for a new Lean worker, the very first for everything.
const WARM_LIMIT_MS = 30_000;
const DELAY_MS = 400;
if (!hasLean || outFile === undefined) {
  console.error("usage, with LEAN_SIDEKICK_LEAN set: node on-screen.mjs PLACES.json OUT.json");
  process.exit(2);
}
const places = JSON.parse(readFileSync(placesFile, "utf8"));
const name = (number) => `Place${number}.lean`;
const workbench = await startWorkbench({
  files: Object.fromEntries(places.map(({ text }, number) => [name(number), text])),
  artefacts: "on-screen",
  settings: { "leanSidekick.suggest.delayMs": DELAY_MS, "leanSidekick.check.cache": false },
});
const { page } = workbench;
const times = [];
const without = [];
try {
  await page.evaluate(watchHints);
  for (const [number, { line, column, letter }] of places.entries()) {
    await workbench.openByName(name(number), { line, column });
    const isWarm = (await typeAndWait(letter, true)) !== undefined;
    const ms = isWarm ? await typeAndWait(letter, false) : undefined;
    if (ms === undefined) {
      without.push(number);
    } else {
      times.push(ms);
    }
    console.log(`${number + 1} of ${places.length}: ${ms === undefined ? "no hint" : `${Math.round(ms)} ms`}`);
    await workbench.run("View: Revert and Close Editor");
  }
} finally {
  await workbench.close();
}
const report = {
  pause_ms: DELAY_MS,
  from_the_last_key_to_the_hint: summary(times),
  from_the_end_of_the_pause_to_the_hint: summary(times.map((ms) => ms - DELAY_MS)),
  places_without_a_hint: without.length,
};
writeFileSync(outFile, `${JSON.stringify(report, undefined, 1)}\n`);
console.log(JSON.stringify(report));

/** Types the letter (the text has it already: then it is taken back first) and gives the milliseconds to the hint. */
async function typeAndWait(letter, isFirst) {
  await page.keyboard.press("Backspace");
  if (!isFirst) {
    // The round of the text without the letter must not stand in the way.
    await page.waitForTimeout(DELAY_MS + 1_500);
  }
  await page.evaluate(() => (window.hintTimes = {}));
  await page.keyboard.type(letter);
  const seen = await page
    .waitForFunction(() => window.hintTimes.seen, undefined, {
      timeout: isFirst ? WARM_LIMIT_MS : HINT_LIMIT_MS,
      polling: 50,
    })
    .catch(() => undefined);
  return seen === undefined ? undefined : page.evaluate(() => window.hintTimes.seen - window.hintTimes.key);
}

/** In the page: notes when a key went down and when a hint stood there again, after the one before the key had gone. */
function watchHints() {
  window.hintTimes = {};
  document.addEventListener("keydown", () => (window.hintTimes = { key: performance.now() }), true);
  const look = () => {
    const { key, isGone, seen } = window.hintTimes;
    if (key !== undefined && seen === undefined) {
      const hints = document.querySelectorAll('.editor-group-container .view-lines span[class*="dyn-rule"]');
      const isThere = [...hints].some((hint) => hint.textContent.trim() !== "");
      if (!isThere) {
        window.hintTimes.isGone = true;
      } else if (isGone) {
        window.hintTimes.seen = performance.now();
      }
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}

function summary(values) {
  const ordered = [...values].sort((a, b) => a - b);
  const at = (share) => Math.round(ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? NaN);
  return { p50_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1), count: ordered.length };
}
