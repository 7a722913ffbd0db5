/** A document as the panel's page has it, and rounds and searches to show in it. */
import { JSDOM } from "jsdom";
import type { FromPage, Goal, Round, SearchItem, SearchTree, Suggestion } from "../../src/panel/messages";
import { Page, type Kept } from "../../webview/page";

export interface OpenPage {
  readonly document: Document;
  readonly page: Page;
  readonly sent: FromPage[];
  readonly kept: () => Kept | undefined;
  /** Presses a key on what has the focus. */
  readonly press: (key: string) => void;
}

/** Opens the page; what node's own global scope lacks of a browser's is put there. */
export function openPage(kept?: Kept): OpenPage {
  const { window } = new JSDOM(
    '<!DOCTYPE html><html lang="en"><head><title>p</title></head><body><main></main></body>',
    {
      pretendToBeVisual: true,
    },
  );
  const { document } = window;
  // jsdom has no layout, so nothing can be scrolled.
  window.Element.prototype.scrollIntoView = () => undefined;
  window.scrollBy = () => undefined;
  // axe-core asks for one to measure icon fonts with.
  window.HTMLCanvasElement.prototype.getContext = () => null;
  Object.assign(globalThis, { window, document, Element: window.Element });
  const sent: FromPage[] = [];
  let keptNow: Kept | undefined;
  const page = new Page({
    root: document.querySelector("main") ?? document.body,
    send: (message) => sent.push(message),
    kept,
    keep: (now) => {
      keptNow = now;
    },
  });
  const press = (key: string): void => {
    const event = new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(event);
  };
  return { document, page, sent, kept: () => keptNow, press };
}

export function goal(target: string, more: Partial<Goal> = {}): Goal {
  return { case: null, hypotheses: [], same: 0, sign: "⊢", target, changed: false, other: false, ...more };
}

export function suggestion(tactic: string, more: Partial<Suggestion> = {}): Suggestion {
  return { tactic, effect: "closes the goal", source: "portfolio", closes: true, goals: [], more: 0, ...more };
}

export function round(tactics: readonly (string | Suggestion)[], more: Partial<Round> = {}): Round {
  return {
    uri: "file:///A.lean",
    version: 1,
    round: 1,
    state: "running",
    message: "",
    goals: [goal("p ∧ q")],
    more: 0,
    suggestions: tactics.map((each) => (typeof each === "string" ? suggestion(each) : each)),
    checks: 3,
    milliseconds: 40,
    first: 12,
    tallies: [{ source: "portfolio", run: 3, good: 2 }],
    ...more,
  };
}

export function search(items: readonly SearchItem[], more: Partial<SearchTree> = {}): SearchTree {
  return { uri: "file:///A.lean", declaration: "foo", running: false, message: "proved", items, more: 0, ...more };
}

export function item(id: number, parent: number | null, text: string, more: Partial<SearchItem> = {}): SearchItem {
  const kind = (parent === null ? 0 : id) % 2 === 0 ? "goal" : "tactic";
  return { id, parent, kind, state: "open", text, detail: "", ...more };
}
