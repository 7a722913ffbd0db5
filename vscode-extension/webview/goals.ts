/** Goals as lists: the ones at the place, or what a tactic makes of them, with marks that need no colour. */
import type { Goal, Hypothesis } from "../src/panel/messages";
import { counted, element } from "./element";

const MARKS = { same: "", added: "+", removed: "−", changed: "~" } as const;
const WORDS = { same: "", added: "new: ", removed: "gone: ", changed: "changed: " } as const;

/** The goals at the place. */
export function goalList(goals: readonly Goal[], more: number): HTMLElement[] {
  return [...goals.map((goal, index) => plainGoal(goal, title(goal, index, goals.length + more))), ...rest(more)];
}

/** The goals that are left after a tactic, each with what is different. */
export function changeList(goals: readonly Goal[], more: number): HTMLElement[] {
  return [...goals.map((goal, index) => changedGoal(goal, title(goal, index, goals.length + more))), ...rest(more)];
}

function plainGoal(goal: Goal, heading: string): HTMLElement {
  const lines = goal.hypotheses.map((each) => hypothesisLine(each));
  const hidden =
    goal.same > 0 ? [quiet(`${counted(goal.same, "older hypothesis", "older hypotheses")} not shown`)] : [];
  return group(heading, [...hidden, list(lines), targetLine(goal, false)]);
}

function changedGoal(goal: Goal, heading: string): HTMLElement {
  if (goal.other) {
    return group(heading, [targetLine(goal, false), quiet("another goal, as before")]);
  }
  const lines = goal.hypotheses.map((each) => hypothesisLine(each));
  const same = goal.same > 0 ? [quiet(`${counted(goal.same, "hypothesis", "hypotheses")} as before`)] : [];
  return group(heading, [...same, list(lines), targetLine(goal, goal.changed)]);
}

function title(goal: Goal, index: number, count: number): string {
  const place = count > 1 ? `Goal ${index + 1} of ${count}` : "";
  const name = goal.case === null ? "" : `case ${goal.case}`;
  return [place, name].filter((part) => part !== "").join(", ");
}

function group(heading: string, children: readonly HTMLElement[]): HTMLElement {
  const shown = children.filter((child) => child.childNodes.length > 0);
  return element("div", { class: "goal" }, ...(heading === "" ? [] : [element("h3", {}, heading)]), ...shown);
}

function list(lines: readonly HTMLElement[]): HTMLElement {
  // Said outright: where the style takes the bullets away, some screen readers take the list away too.
  return element("ul", { class: "hypotheses", role: "list" }, ...lines);
}

function hypothesisLine(hypothesis: Hypothesis): HTMLElement {
  const { names, type, value, change, before } = hypothesis;
  const text = `${names.join(" ")} : ${type}${value === null ? "" : ` := ${value}`}`;
  const line = element("li", { class: `line ${change}` }, ...marked(change), element("code", {}, text));
  if (before !== null) {
    line.append(element("div", { class: "before" }, "was ", element("code", {}, before)));
  }
  return line;
}

function targetLine(goal: Goal, isChanged: boolean): HTMLElement {
  const change = isChanged ? "changed" : "same";
  return element(
    "div",
    { class: `line target ${change}` },
    ...marked(change),
    element("code", {}, `${goal.sign} ${goal.target}`),
  );
}

/** A mark for the eye and a word for the ear. */
function marked(change: keyof typeof MARKS): HTMLElement[] {
  if (change === "same") {
    return [];
  }
  return [
    element("span", { class: "mark", "aria-hidden": "true" }, MARKS[change]),
    element("span", { class: "spoken" }, WORDS[change]),
  ];
}

function rest(more: number): HTMLElement[] {
  return more > 0 ? [quiet(`${counted(more, "more goal")} not shown`)] : [];
}

function quiet(text: string): HTMLElement {
  return element("p", { class: "quiet" }, text);
}
