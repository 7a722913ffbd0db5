/**
 * The suggestions: a list with one chosen row, and below it what the chosen one does.
 *
 * Until the user chooses, the best one is chosen. While the list has the focus or the pointer rests on a row, that row
 * stays where it is; while what the chosen one does is pointed at, it is not exchanged for a better one.
 */
import type { Round, Suggestion } from "../src/panel/messages";
import { counted, element, setText } from "./element";
import { changeList } from "./goals";
import { giveRoomBack } from "./keepInPlace";
import { mergeRows } from "./rows";

export interface SuggestionListParams {
  readonly take: (suggestion: Suggestion) => void;
}

export class SuggestionList {
  readonly root: HTMLElement;
  private readonly status = element("p", { class: "quiet", role: "status", tabindex: "-1" });
  private readonly list = element("ul", {
    class: "rows",
    role: "listbox",
    tabindex: "0",
    "aria-labelledby": "suggestions-heading",
  });
  private readonly preview = element("div", { class: "preview", role: "group", "aria-labelledby": "preview-heading" });
  private readonly elements = new Map<string, HTMLElement>();
  private rows: readonly Suggestion[] = [];
  private known: readonly Suggestion[] = [];
  private place = "";
  private chosen: string | undefined;
  private hovered: string | undefined;
  /** The tactic that is previewed, while the preview is pointed at. */
  private held: string | undefined;
  private isStale = false;

  constructor(private readonly params: SuggestionListParams) {
    this.root = element(
      "section",
      { "aria-labelledby": "suggestions-heading" },
      element("h2", { id: "suggestions-heading" }, "Suggestions"),
      this.status,
      this.list,
      this.preview,
    );
    this.list.addEventListener("keydown", (event) => {
      this.key(event);
    });
    this.list.addEventListener("blur", () => {
      this.settle();
    });
    this.list.addEventListener("pointerleave", () => {
      this.hovered = undefined;
      this.settle();
    });
    this.preview.addEventListener("pointerenter", () => {
      this.held = this.active()?.tactic;
    });
    this.preview.addEventListener("focusin", () => {
      this.held = this.active()?.tactic;
    });
    this.preview.addEventListener("pointerleave", () => {
      this.held = undefined;
      this.settle();
    });
    this.preview.addEventListener("focusout", () => {
      this.held = undefined;
      this.settle();
    });
  }

  show(round: Round, isStale: boolean): void {
    const place = `${round.uri} ${round.version} ${round.round}`;
    if (place !== this.place) {
      this.place = place;
      this.rows = [];
      this.elements.clear();
      this.list.replaceChildren();
      this.chosen = undefined;
      this.hovered = undefined;
      this.held = undefined;
    }
    this.known = round.suggestions;
    this.isStale = isStale;
    setText(this.status, statusText(round, isStale));
    this.rows = mergeRows(this.rows, this.known, this.pointedAt());
    this.draw();
  }

  /** What the pointer rests on: a row, or the preview. */
  underPointer(): Element | undefined {
    if (this.hovered !== undefined) {
      return this.elements.get(this.hovered);
    }
    return this.held === undefined ? undefined : this.preview;
  }

  /** The row that has the focus. */
  inFocus(): Element | undefined {
    return this.hasFocus() ? this.elements.get(this.active()?.tactic ?? "") : undefined;
  }

  /** The tactic whose row must not move. */
  private pointedAt(): string | undefined {
    return this.hovered ?? this.held ?? (this.hasFocus() ? this.active()?.tactic : undefined);
  }

  private hasFocus(): boolean {
    return document.activeElement === this.list;
  }

  private active(): Suggestion | undefined {
    const wanted = this.chosen ?? this.held;
    return this.rows.find(({ tactic }) => tactic === wanted) ?? this.rows[0];
  }

  /** Nobody points at a row any more, so all may stand in their order. */
  private settle(): void {
    if (this.pointedAt() === undefined) {
      giveRoomBack();
      this.rows = mergeRows([], this.known, undefined);
      this.draw();
    }
  }

  private draw(): void {
    const active = this.active();
    const hadFocus = document.activeElement === this.list;
    this.rows.forEach((suggestion, index) => {
      const row = this.row(suggestion);
      row.id = `row-${index}`;
      row.setAttribute("aria-selected", String(suggestion === active));
      row.setAttribute("aria-disabled", String(this.isStale));
      // A row that is where it belongs is not touched: a click may be under way on it.
      if (this.list.children[index] !== row) {
        this.list.insertBefore(row, this.list.children[index] ?? null);
      }
    });
    while (this.list.children.length > this.rows.length) {
      this.list.lastElementChild?.remove();
    }
    this.list.hidden = active === undefined;
    if (active === undefined) {
      this.list.removeAttribute("aria-activedescendant");
      if (hadFocus) {
        this.status.focus();
      }
    } else {
      this.list.setAttribute("aria-activedescendant", `row-${this.rows.indexOf(active)}`);
    }
    this.list.setAttribute("aria-disabled", String(this.isStale));
    this.drawPreview(active);
  }

  /** The row of a suggestion, the same one as long as its round is shown. */
  private row({ tactic, effect, source, closes }: Suggestion): HTMLElement {
    const known = this.elements.get(tactic);
    if (known !== undefined) {
      return known;
    }
    const row = element(
      "li",
      { role: "option", class: closes ? "row closes" : "row" },
      element("code", { class: "tactic" }, tactic),
      element("span", { class: "effect" }, effect),
      element("span", { class: "source" }, source),
    );
    const act = (what: (suggestion: Suggestion) => void) => (): void => {
      const suggestion = this.rows.find((each) => each.tactic === tactic);
      if (suggestion !== undefined) {
        what(suggestion);
      }
    };
    row.addEventListener("click", act(this.choose.bind(this)));
    row.addEventListener("dblclick", act(this.take.bind(this)));
    row.addEventListener("pointerenter", () => {
      this.hovered = tactic;
    });
    this.elements.set(tactic, row);
    return row;
  }

  private drawPreview(active: Suggestion | undefined): void {
    this.preview.hidden = active === undefined;
    const drawn = JSON.stringify([active, this.isStale]);
    // Not drawn again when nothing is new: its button may have the focus.
    if (active === undefined || this.preview.dataset.drawn === drawn) {
      return;
    }
    this.preview.dataset.drawn = drawn;
    const hadFocus = this.preview.contains(document.activeElement);
    const put = element("button", { type: "button", class: "take" }, "Put it in");
    put.disabled = this.isStale;
    put.addEventListener("click", () => {
      this.take(active);
    });
    this.preview.replaceChildren(
      element("h3", { id: "preview-heading" }, "After ", element("code", {}, firstLine(active.tactic))),
      ...(active.goals.length === 0 ? [element("p", {}, "No goal is left.")] : changeList(active.goals, active.more)),
      put,
    );
    if (hadFocus) {
      put.focus();
    }
  }

  private choose(suggestion: Suggestion): void {
    this.chosen = suggestion.tactic;
    this.draw();
  }

  private take(suggestion: Suggestion): void {
    if (!this.isStale) {
      this.params.take(suggestion);
    }
  }

  private key(event: KeyboardEvent): void {
    const active = this.active();
    if (active === undefined) {
      return;
    }
    const here = this.rows.indexOf(active);
    const last = this.rows.length - 1;
    const moves: Record<string, number> = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: last };
    const next = moves[event.key];
    if (next !== undefined) {
      const suggestion = this.rows[Math.min(Math.max(next, 0), last)];
      if (suggestion !== undefined) {
        this.choose(suggestion);
        this.list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
      }
    } else if (event.key === "Enter") {
      this.take(active);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function statusText(round: Round, isStale: boolean): string {
  if (isStale) {
    return "The text has changed; looking again.";
  }
  const count = round.suggestions.length;
  if (round.state === "running") {
    return count === 0 ? "Looking…" : `${counted(count, "suggestion")}, looking for more…`;
  }
  return count === 0 ? "Nothing was found here." : counted(count, "suggestion");
}

function firstLine(text: string): string {
  const [first = "", ...rest] = text.split("\n");
  return rest.length > 0 ? `${first} …` : first;
}
