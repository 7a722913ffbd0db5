/**
 * What the panel shows, and what passes between the extension and the panel's page.
 *
 * The first half are the parts of the protocol's types that are shown; see docs/protocol.md.
 */

export interface Hypothesis {
  readonly names: readonly string[];
  readonly type: string;
  readonly value: string | null;
  readonly change: "same" | "added" | "removed" | "changed";
  readonly before: string | null;
}
export interface Goal {
  readonly case: string | null;
  readonly hypotheses: readonly Hypothesis[];
  readonly same: number;
  readonly sign: string;
  readonly target: string;
  readonly changed: boolean;
  readonly other: boolean;
}
export interface Suggestion {
  readonly tactic: string;
  readonly effect: string;
  readonly source: string;
  readonly closes: boolean;
  readonly goals: readonly Goal[];
  readonly more: number;
}
export interface Tally {
  readonly source: string;
  readonly run: number;
  readonly good: number;
}
export interface Round {
  readonly uri: string;
  readonly version: number;
  readonly round: number;
  readonly state: "nothing" | "running" | "done";
  readonly message: string;
  readonly goals: readonly Goal[];
  readonly more: number;
  readonly suggestions: readonly Suggestion[];
  readonly checks: number;
  readonly milliseconds: number;
  readonly first: number | null;
  readonly tallies: readonly Tally[];
}
export interface SearchItem {
  readonly id: number;
  readonly parent: number | null;
  readonly kind: "goal" | "tactic";
  readonly state: "proved" | "open" | "stuck" | "untried";
  readonly text: string;
  readonly detail: string;
}
export interface SearchTree {
  readonly uri: string;
  readonly declaration: string;
  readonly running: boolean;
  readonly message: string;
  readonly items: readonly SearchItem[];
  readonly more: number;
}

/** A suggestion as it was shown. */
export interface Taken {
  readonly uri: string;
  readonly version: number;
  readonly round: number;
  readonly tactic: string;
}

/** To the page. A round is stale from the next keystroke on; `notice` is what is said where there is no round. */
export type ToPage =
  | { readonly kind: "round"; readonly round: Round | undefined; readonly isStale: boolean; readonly notice: string }
  | { readonly kind: "search"; readonly search: SearchTree | undefined };

/** From the page: it is there and wants to be told all; a suggestion is to be put in; its user wants to the editor. */
export type FromPage =
  { readonly kind: "ready" } | { readonly kind: "take"; readonly taken: Taken } | { readonly kind: "leave" };
