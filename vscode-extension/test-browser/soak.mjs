// Restless typing in a real VS Code: nothing stale applied, no error in a log, the memory of both processes flat.
//
//   LEAN_SIDEKICK_LEAN=... node soak.mjs [--minutes N] [--out FILE]
//
// 200 keys a minute at random places of a file: letters, blanks, new lines, letters taken back. Twice a minute the file is
// put back and its first suggestion is taken from the light bulb; what is saved then must be the file with nothing but
// its hole filled. Memory is resident, read from /proc every half minute: that of the extension host (which is Node's,
// with all that is installed in it) and that of our server. Growth is the median of the last third to that of the
// second, since the first fills caches; more than GROWTH_LIMIT is too much.
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { hasLean, startWorkbench } from "./setting.mjs";
import { until } from "./workbench.mjs";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, out: { type: "string" } } });
const minutes = Number(values.minutes);
if (!hasLean || !(minutes > 0)) {
  console.error("usage, with LEAN_SIDEKICK_LEAN set: node soak.mjs [--minutes N] [--out FILE]");
  process.exit(2);
}
const KEYS_A_MINUTE = 200;
const ROUND_MS = 30_000;
const GROWTH_LIMIT = 1.1;
const ABOVE = "theorem weaken (p q : Prop) (hq : q) : p ∨ q := by\n  ";
const BELOW = "\n\ntheorem swap (p q : Prop) (h : p ∧ q) : q ∧ p := by\n  exact And.intro h.2 h.1\n";
const SUGGESTION = "exact Or.inr hq";
const KEYS = [
  "a",
  "x",
  "Space",
  "Enter",
  "Backspace",
  "Backspace",
  "Delete",
  "ArrowUp",
  "ArrowDown",
  "ArrowLeft",
  "End",
];

let seed = 20261122;
/** The next number of a fixed sequence, below `limit`. */
function random(limit) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed % limit;
}

const workbench = await startWorkbench({
  files: { "soak.lean": `${ABOVE}sorry${BELOW}` },
  artefacts: "soak",
  settings: { "editor.autoClosingBrackets": "never", "files.autoSave": "off", "leanSidekick.suggest.delayMs": 100 },
});
const { page } = workbench;
const file = path.join(workbench.scratch, "folder/soak.lean");
const memory = { extensionHostMb: [], serverMb: [] };
const wrong = [];
let keys = 0;
let taken = 0;
try {
  await workbench.open("soak.lean", { line: 2, column: 3 });
  const end = Date.now() + minutes * 60_000;
  for (let began = Date.now(); began < end; began = Date.now()) {
    while (Date.now() < Math.min(end, began + ROUND_MS)) {
      await page.keyboard.press(KEYS[random(KEYS.length)]);
      keys += 1;
      await page.waitForTimeout(Math.max(0, (60_000 / KEYS_A_MINUTE) * 0.7));
    }
    await takeTheFirstSuggestion();
    memory.extensionHostMb.push(residentMb("extensionHost"));
    memory.serverMb.push(residentMb("lean_sidekick serve"));
    console.log(`${keys} keys, ${taken} suggestions taken; MB: ${JSON.stringify(memory)}`);
  }
} catch (error) {
  await workbench.screenshot("where-it-stopped");
  wrong.push(String(error));
} finally {
  await workbench.close();
}
const errors = errorsInLogs(workbench.artefacts);
const report = {
  minutes,
  keys,
  suggestions_taken: taken,
  wrong,
  errors_in_the_logs: errors,
  extension_host_mb: memory.extensionHostMb,
  server_mb: memory.serverMb,
  extension_host_growth: growth(memory.extensionHostMb),
  server_growth: growth(memory.serverMb),
};
console.log(JSON.stringify(report, undefined, 1));
if (values.out !== undefined) {
  writeFileSync(values.out, `${JSON.stringify(report, undefined, 1)}\n`);
}
const isFlat = [report.extension_host_growth, report.server_growth].every((grown) => (grown ?? 1) <= GROWTH_LIMIT);
process.exit(wrong.length === 0 && errors.length === 0 && taken > 0 && isFlat ? 0 : 1);

/** Puts the file back, takes its first suggestion, and looks at what was saved. */
async function takeTheFirstSuggestion() {
  await workbench.run("File: Revert File");
  await until("the file as it was", async () => (await workbench.shown()).includes("sorry"));
  await workbench.goTo({ line: 2, column: 3 });
  await until("a suggestion in the menu", async () => {
    const titles = await workbench.codeActions();
    if (titles.some((title) => title.startsWith(SUGGESTION))) {
      return true;
    }
    await page.keyboard.press("Escape");
    return false;
  });
  await workbench.take(SUGGESTION);
  await until("the edit", async () => !(await workbench.shown()).includes("sorry"));
  await page.keyboard.press("Control+s");
  await until("the saved text", () => !readFileSync(file, "utf8").includes("sorry"));
  const saved = readFileSync(file, "utf8");
  if (saved !== `${ABOVE}${SUGGESTION}${BELOW}`) {
    wrong.push(saved);
  }
  taken += 1;
  writeFileSync(file, `${ABOVE}sorry${BELOW}`);
  await workbench.run("File: Revert File"); // the editor may not look at the disk by itself for long
  await until("the file of the disk", async () => (await workbench.shown()).includes("sorry"));
}

/** What the processes below the editor whose command line holds a text have in memory. */
function residentMb(text) {
  let kilobytes = 0;
  for (const pid of descendants(workbench.child.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (command.includes(text) && !readlinkSync(`/proc/${pid}/exe`).endsWith("sh")) {
        kilobytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return Math.round(kilobytes / 102.4) / 10;
}

function descendants(root) {
  const parents = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid) => pid === root || (parents.has(pid) && isBelow(parents.get(pid)));
  return [...parents.keys()].filter((pid) => pid !== root && isBelow(pid));
}

/** Lines of our own log, and of the extension host's about us, that say "error". */
function errorsInLogs(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".log"));
  return files.flatMap((name) => {
    const lines = readFileSync(path.join(folder, name), "utf8").split("\n");
    const ours = /Lean Sidekick/.test(name) ? lines : lines.filter((line) => /sidekick/i.test(line));
    return ours.filter((line) => /\[error\]| error /i.test(line)).map((line) => `${name}: ${line}`);
  });
}

function growth(series) {
  const third = Math.floor(series.length / 3);
  const median = (part) => [...part].sort((a, b) => a - b)[Math.floor(part.length / 2)];
  return third === 0
    ? null
    : Math.round((1000 * median(series.slice(-third))) / median(series.slice(third, 2 * third))) / 1000;
}
