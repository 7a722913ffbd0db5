/** axe-core on the page in every state that it can be in; colours are measured in a real browser (test-browser). */
import axe from "axe-core";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ToPage } from "../../src/panel/messages";
import { goal, item, openPage, round, search, suggestion } from "./dom";

const changed = goal("q", {
  case: "left",
  changed: true,
  same: 1,
  hypotheses: [
    { names: ["h"], type: "p", value: null, change: "added", before: null },
    { names: ["k"], type: "p", value: "1", change: "changed", before: "q" },
  ],
});
const full = round(["simp", suggestion("intro h", { closes: false, goals: [changed, changed], more: 1 })], {
  goals: [changed, goal("r", { case: "right" })],
  message: "There is an error above.",
});
const states: Readonly<Record<string, readonly ToPage[]>> = {
  "at its beginning": [],
  "without a file": [{ kind: "round", round: undefined, isStale: false, notice: "Open a Lean file." }],
  "without suggestions": [{ kind: "round", round: round([]), isStale: false, notice: "" }],
  "with all there is": [
    { kind: "round", round: full, isStale: false, notice: "" },
    {
      kind: "search",
      search: search([item(0, null, "p"), item(1, 0, "simp"), item(2, 1, "q"), item(3, 2, "rfl")], { more: 3 }),
    },
  ],
  "of a text that has changed": [{ kind: "round", round: full, isStale: true, notice: "" }],
  "with an empty tree": [{ kind: "search", search: search([], { running: true }) }],
};

describe("the page is usable without eyes", () => {
  for (const [name, messages] of Object.entries(states)) {
    it(name, async () => {
      const { document, page } = openPage();
      messages.forEach((message) => {
        page.hear(message);
      });
      // What needs layout, and what is the frame's own.
      const rules = { "color-contrast": { enabled: false }, "page-has-heading-one": { enabled: false } };
      const { violations, passes } = await axe.run(document.documentElement, { rules });
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
        [],
      );
      assert.ok(passes.length > 0);
    });
  }
});
