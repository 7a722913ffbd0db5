/** The order of the rows when more is known. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeRows } from "../../webview/rows";
import { suggestion } from "./dom";

const cases: [string, string, string | undefined, string][] = [
  ["ab", "cab", undefined, "cab"],
  ["ab", "cab", "a", "acb"],
  ["ab", "cab", "b", "abc"],
  ["ab", "cd", "b", "abcd"],
  ["ab", "cab", "gone", "cab"],
  ["", "ab", "a", "ab"],
  ["ab", "", "a", "a"],
];

describe("rows", () => {
  for (const [shown, known, pointedAt, expected] of cases) {
    it(`${shown} and then ${known}, with ${pointedAt ?? "nothing"} pointed at, is ${expected}`, () => {
      const rows = (text: string) => Array.from(text, (tactic) => suggestion(tactic));
      const merged = mergeRows(rows(shown), rows(known), pointedAt);
      assert.equal(merged.map(({ tactic }) => tactic).join(""), expected);
    });
  }

  it("shows what is known of a row now, also where it stays", () => {
    const [row] = mergeRows([suggestion("a")], [suggestion("a", { effect: "better known" })], "a");
    assert.equal(row?.effect, "better known");
  });
});
