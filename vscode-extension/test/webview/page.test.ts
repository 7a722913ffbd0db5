/** The panel's page: what is shown, what stays in its place, and what the keys do. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ToPage, Round } from "../../src/panel/messages";
import { goal, item, openPage, round, search, suggestion, type OpenPage } from "./dom";

function said(shown: Round | undefined, isStale = false, notice = ""): ToPage {
  return { kind: "round", round: shown, isStale, notice };
}

function tactics({ document }: OpenPage): (string | undefined)[] {
  return [...document.querySelectorAll(".row .tactic")].map((each) => each.textContent);
}

function find(open: OpenPage, selector: string): HTMLElement {
  const found = open.document.querySelector<HTMLElement>(selector);
  assert.ok(found !== null, selector);
  return found;
}

function chosen(open: OpenPage): string {
  return find(open, '.row[aria-selected="true"] .tactic').textContent;
}

describe("the page", () => {
  it("asks for everything when it is there, and says why there is nothing", () => {
    const open = openPage();
    assert.deepEqual(open.sent, [{ kind: "ready" }]);
    open.page.hear(said(undefined, false, "Open a Lean file."));
    assert.equal(find(open, ".notice").textContent, "Open a Lean file.");
    assert.equal(find(open, ".rows").closest("section")?.hidden, true);
    open.page.hear(said(round([], { state: "nothing", message: "No tactic can stand here.", goals: [] })));
    assert.equal(find(open, ".notice").textContent, "No tactic can stand here.");
    open.page.hear(said(round(["simp"])));
    assert.equal(find(open, ".notice").hidden, true);
  });

  it("shows the goal with its hypotheses, and reads no text as HTML", () => {
    const open = openPage();
    const hypothesis = { names: ["a", "b"], type: "<img src=x>", value: null, change: "same", before: null } as const;
    open.page.hear(said(round([], { goals: [goal("a < b", { case: "left", hypotheses: [hypothesis] })] })));
    assert.equal(find(open, ".goal").textContent, "case lefta b : <img src=x>⊢ a < b");
    assert.equal(open.document.querySelector("img"), null);
  });

  it("shows what the chosen suggestion changes, in words too", () => {
    const open = openPage();
    const left = goal("q", {
      changed: true,
      same: 2,
      hypotheses: [
        { names: ["h"], type: "p", value: null, change: "removed", before: null },
        { names: ["k"], type: "p", value: "1", change: "changed", before: "q" },
      ],
    });
    open.page.hear(said(round([suggestion("intro h", { closes: false, goals: [left], effect: "1 goal left: ⊢ q" })])));
    const lines = [...find(open, ".preview").querySelectorAll(".line")].map((line) => line.textContent);
    assert.deepEqual(lines, ["−gone: h : p", "~changed: k : p := 1was q", "~changed: ⊢ q"]);
    assert.match(find(open, ".preview").textContent, /^After intro h2 hypotheses as before/);
  });

  it("says how far it is where it is read aloud, and what ran where it is not", () => {
    const open = openPage();
    open.page.hear(said(round([])));
    const status = find(open, '[role="status"].quiet');
    assert.equal(status.textContent, "Looking…");
    open.page.hear(said(round(["simp"])));
    assert.equal(status.textContent, "1 suggestion, looking for more…");
    const node = status.firstChild;
    open.page.hear(said(round(["simp"], { checks: 64, milliseconds: 1234 })));
    assert.equal(status.firstChild, node, "the same words are not said again");
    const ran = find(open, "table").parentElement?.textContent ?? "";
    assert.match(ran, /64 checks by Lean in 1\.2 s, the first suggestion after 12 ms/);
    open.page.hear(said(round([], { state: "done" })));
    assert.equal(status.textContent, "Nothing was found here.");
  });

  it("does not exchange what is previewed while the pointer is on it", () => {
    const open = openPage();
    open.page.hear(said(round(["constructor"])));
    find(open, ".preview").dispatchEvent(new window.Event("pointerenter"));
    open.page.hear(said(round(["simp", "constructor"])));
    assert.deepEqual(tactics(open), ["constructor", "simp"]);
    find(open, "button.take").click();
    assert.equal((open.sent.at(-1) as { taken?: { tactic: string } }).taken?.tactic, "constructor");
    find(open, ".preview").dispatchEvent(new window.Event("pointerleave"));
    assert.deepEqual(tactics(open), ["simp", "constructor"]);
    assert.equal(chosen(open), "simp");
  });

  it("chooses the best one until the user chooses", () => {
    const open = openPage();
    open.page.hear(said(round(["constructor"])));
    assert.equal(chosen(open), "constructor");
    open.page.hear(said(round(["simp", "constructor"])));
    assert.equal(chosen(open), "simp");
    find(open, ".row:nth-child(2)").click();
    open.page.hear(said(round(["omega", "simp", "constructor"])));
    assert.equal(chosen(open), "constructor");
  });

  it("keeps the row in its place that the pointer rests on, until it leaves", () => {
    const open = openPage();
    open.page.hear(said(round(["a", "b", "c"])));
    const row = find(open, ".row:nth-child(2)");
    row.dispatchEvent(new window.Event("pointerenter"));
    open.page.hear(said(round(["best", "c", "b", "a"])));
    assert.deepEqual(tactics(open), ["a", "b", "best", "c"]);
    assert.equal(find(open, ".row:nth-child(2)"), row, "it is the same row: a click may be under way on it");
    open.page.hear(said(round(["best", "c"])));
    assert.deepEqual(tactics(open), ["a", "b", "best", "c"], "also when it is among the best no more");
    find(open, ".rows").dispatchEvent(new window.Event("pointerleave"));
    assert.deepEqual(tactics(open), ["best", "c"]);
  });

  it("keeps the chosen row in its place while the list has the focus", () => {
    const open = openPage();
    open.page.hear(said(round(["a", "b"])));
    find(open, ".rows").focus();
    open.press("ArrowDown");
    open.page.hear(said(round(["best", "a", "b"])));
    assert.deepEqual([tactics(open), chosen(open)], [["a", "b", "best"], "b"]);
    find(open, ".rows").blur();
    assert.deepEqual([tactics(open), chosen(open)], [["best", "a", "b"], "b"]);
  });

  it("is worked by keys: arrows choose, Enter takes, Escape leaves", () => {
    const open = openPage();
    open.page.hear(said(round(["a", "b", "c"], { version: 4, round: 7 })));
    const list = find(open, ".rows");
    list.focus();
    for (const [key, expected] of [
      ["ArrowDown", "b"],
      ["End", "c"],
      ["ArrowDown", "c"],
      ["ArrowUp", "b"],
      ["Home", "a"],
      ["ArrowDown", "b"],
    ] as const) {
      open.press(key);
      assert.equal(chosen(open), expected, key);
      assert.equal(list.getAttribute("aria-activedescendant"), find(open, '.row[aria-selected="true"]').id);
    }
    open.press("Enter");
    open.press("Escape");
    assert.deepEqual(open.sent.slice(1), [
      { kind: "take", taken: { uri: "file:///A.lean", version: 4, round: 7, tactic: "b" } },
      { kind: "leave" },
    ]);
  });

  it("is worked by the mouse: a click chooses, a double click or the button takes", () => {
    const open = openPage();
    open.page.hear(said(round(["a", "b"])));
    const row = find(open, ".row:nth-child(2)");
    row.click();
    assert.deepEqual([chosen(open), open.sent.length], ["b", 1]);
    row.dispatchEvent(new window.Event("dblclick"));
    find(open, ".take").click();
    assert.deepEqual(
      open.sent.slice(1).map((message) => message.kind === "take" && message.taken.tactic),
      ["b", "b"],
    );
  });

  it("takes nothing of a text that has changed", () => {
    const open = openPage();
    open.page.hear(said(round(["a"])));
    open.page.hear(said(round(["a"]), true));
    assert.equal(find(open, '[role="status"].quiet').textContent, "The text has changed; looking again.");
    find(open, ".rows").focus();
    open.press("Enter");
    find(open, ".row").dispatchEvent(new window.Event("dblclick"));
    find(open, ".take").click();
    assert.deepEqual(open.sent, [{ kind: "ready" }]);
    assert.equal(find(open, ".row").getAttribute("aria-disabled"), "true");
  });

  it("keeps the focus near when the list it was on is gone", () => {
    const open = openPage();
    open.page.hear(said(round(["a"])));
    find(open, ".rows").focus();
    open.page.hear(said(round([], { version: 2, round: 2 })));
    assert.equal(open.document.activeElement?.getAttribute("role"), "status");
  });

  it("shows again what was kept when it was hidden, as old until the extension has answered", () => {
    const before = openPage();
    before.page.hear(said(round(["a"])));
    before.page.hear({ kind: "search", search: search([item(0, null, "p")]) });
    const after = openPage(JSON.parse(JSON.stringify(before.kept())) as ReturnType<typeof before.kept>);
    assert.deepEqual(tactics(after), ["a"]);
    assert.equal(find(after, ".row").getAttribute("aria-disabled"), "true");
    assert.equal(after.document.querySelectorAll('[role="treeitem"]').length, 1);
    after.page.hear(said(round(["a"])));
    assert.equal(find(after, ".row").getAttribute("aria-disabled"), "false");
  });
});

const TREE = [
  item(0, null, "p ∧ q"),
  item(1, 0, "constructor"),
  item(2, 1, "p"),
  item(3, 2, "cases h"),
  item(4, 3, "deep"),
  item(5, 0, "simp"),
];

function seen({ document }: OpenPage): (string | undefined)[] {
  return [...document.querySelectorAll('[role="treeitem"]')].map((each) => each.querySelector("code")?.textContent);
}

function focused({ document }: OpenPage): string | null | undefined {
  return document.activeElement?.querySelector("code")?.textContent;
}

describe("the tree of a search", () => {
  it("opens its first levels, and a proof to its end", () => {
    const open = openPage();
    open.page.hear({ kind: "search", search: search(TREE, { more: 2 }) });
    assert.deepEqual(seen(open), ["p ∧ q", "constructor", "p", "cases h", "simp"]);
    const proved = TREE.map((each) => (each.id < 5 ? { ...each, state: "proved" as const } : each));
    open.page.hear({ kind: "search", search: search(proved) });
    assert.deepEqual(seen(open), ["p ∧ q", "constructor", "p", "cases h", "deep", "simp"]);
    assert.equal(find(open, "#search-status").textContent, "foo: proved");
  });

  it("is walked by keys as trees are", () => {
    const open = openPage();
    open.page.hear({ kind: "search", search: search(TREE) });
    find(open, '[role="treeitem"][tabindex="0"]').focus();
    for (const [key, expected] of [
      ["ArrowDown", "constructor"],
      ["ArrowLeft", "constructor"],
      ["ArrowDown", "simp"],
      ["ArrowUp", "constructor"],
      ["ArrowRight", "constructor"],
      ["ArrowRight", "p"],
      ["ArrowLeft", "p"],
      ["ArrowLeft", "constructor"],
      ["End", "simp"],
      ["Home", "p ∧ q"],
    ] as const) {
      open.press(key);
      assert.equal(focused(open), expected, key);
    }
    assert.deepEqual(seen(open), ["p ∧ q", "constructor", "p", "simp"], "p is closed");
    assert.equal(open.document.querySelectorAll('[role="treeitem"][tabindex="0"]').length, 1, "one stop of Tab");
  });

  it("leaves the focus, and what was closed, as they are while it grows", () => {
    const open = openPage();
    open.page.hear({ kind: "search", search: search(TREE.slice(0, 4), { running: true }) });
    find(open, '[role="treeitem"][tabindex="0"]').focus();
    open.press("ArrowDown");
    open.press("ArrowLeft");
    open.page.hear({ kind: "search", search: search(TREE, { running: true }) });
    assert.equal(focused(open), "constructor");
    assert.deepEqual(seen(open), ["p ∧ q", "constructor", "simp"]);
    open.page.hear({ kind: "search", search: search(TREE, { declaration: "bar" }) });
    assert.deepEqual(seen(open), ["p ∧ q", "constructor", "p", "cases h", "simp"], "another search is another tree");
  });
});
