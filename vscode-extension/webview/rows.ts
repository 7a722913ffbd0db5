import type { Suggestion } from "../src/panel/messages";

/**
 * The rows to show when more is known: in the new order, but if the user points at one, that one and those above it stay
 * where they are, and what is new comes below. What was shown once was run by Lean and stays good for this version.
 */
export function mergeRows(
  shown: readonly Suggestion[],
  known: readonly Suggestion[],
  pointedAt: string | undefined,
): Suggestion[] {
  const place = shown.findIndex(({ tactic }) => tactic === pointedAt);
  if (place < 0) {
    return [...known];
  }
  const fresh = new Map(known.map((each) => [each.tactic, each]));
  const kept = shown.slice(0, place + 1).map((each) => fresh.get(each.tactic) ?? each);
  const tactics = new Set(kept.map(({ tactic }) => tactic));
  return [...kept, ...known.filter(({ tactic }) => !tactics.has(tactic))];
}
