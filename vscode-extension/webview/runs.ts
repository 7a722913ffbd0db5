/** What ran and how long. */
import type { Round } from "../src/panel/messages";
import { counted, element } from "./element";

export function runs({ checks, milliseconds, first, tallies }: Round): HTMLElement[] {
  const started = first === null ? "" : `, the first suggestion after ${duration(first)}`;
  const summary = element("p", {}, `${counted(checks, "check")} by Lean in ${duration(milliseconds)}${started}.`);
  if (tallies.length === 0) {
    return [summary];
  }
  const rows = tallies.map(({ source, run, good }) =>
    element("tr", {}, element("th", { scope: "row" }, source), number(run), number(good)),
  );
  const head = ["Source", "Tried", "Helped"].map((name) => element("th", { scope: "col" }, name));
  return [
    summary,
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)),
  ];
}

function duration(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function number(value: number): HTMLElement {
  return element("td", {}, String(value));
}
