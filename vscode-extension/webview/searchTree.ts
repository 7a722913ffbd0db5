/**
 * The tree of the last search: goals, the tactics that led on from them, and what became of each.
 *
 * While the search runs it is drawn again and again; what the user has opened or closed stays so, and the row that has the
 * focus, or that the pointer rests on, keeps its place on the screen. The rows are a flat list with levels, as ARIA
 * allows for trees: so each is named by its own line alone.
 */
import type { SearchItem, SearchTree } from "../src/panel/messages";
import { counted, element, setText } from "./element";
import { giveRoomBack, keepInPlace } from "./keepInPlace";

const SIGNS = { proved: "✓", open: "●", stuck: "✗", untried: "○" } as const;
/** What the sign says, for the ear; where the detail says it there is nothing to add. */
const WORDS = { proved: "proved", open: "not proved", stuck: "not proved", untried: "" } as const;
/** So many levels are open at first; what is proved is open to its end. */
const OPEN_LEVELS = 3;

interface Row {
  readonly item: SearchItem;
  /** The texts from the root to here, by which a row is known again in the next message. */
  readonly path: string;
  readonly level: number;
  readonly parent: Row | undefined;
  readonly children: Row[];
}

export class SearchTreeView {
  readonly root: HTMLElement;
  private readonly status = element("p", { class: "quiet", id: "search-status" });
  private readonly tree = element("ul", { class: "tree", role: "tree", "aria-labelledby": "search-heading" });
  private readonly rest = element("p", { class: "quiet" });
  private rows: readonly Row[] = [];
  /** What the user has opened (true) or closed. */
  private readonly toggled = new Map<string, boolean>();
  private declaration = "";
  /** The path of the row at which Tab enters the tree. */
  private entry = "";
  private hovered: string | undefined;

  constructor() {
    this.root = element(
      "section",
      { "aria-labelledby": "search-heading" },
      element("h2", { id: "search-heading" }, "Last search"),
      this.status,
      this.tree,
      this.rest,
    );
    this.tree.addEventListener("keydown", (event) => {
      this.key(event);
    });
    this.tree.addEventListener("click", ({ target }) => {
      const row = this.rowAt(target);
      if (row !== undefined) {
        this.entry = row.path;
        this.toggle(row, !this.isOpen(row));
        this.elementOf(row.path)?.focus();
      }
    });
    this.tree.addEventListener("pointerover", ({ target }) => {
      this.hovered = this.rowAt(target)?.path;
    });
    this.tree.addEventListener("pointerleave", () => {
      this.hovered = undefined;
      giveRoomBack();
    });
  }

  show(search: SearchTree | undefined): void {
    this.root.hidden = search === undefined;
    if (search === undefined) {
      return;
    }
    if (search.declaration !== this.declaration) {
      this.declaration = search.declaration;
      this.toggled.clear();
    }
    setText(this.status, `${search.declaration}: ${search.message}`);
    setText(this.rest, search.more > 0 ? `${counted(search.more, "more goal")} not shown` : "");
    this.rows = rowsOf(search.items);
    this.draw();
  }

  /** The row that the pointer rests on. */
  underPointer(): Element | undefined {
    return this.elementOf(this.hovered);
  }

  /** The row that has the focus. */
  inFocus(): Element | undefined {
    return this.hasFocus() ? this.elementOf(this.entry) : undefined;
  }

  /** Draws all rows that can be seen. */
  private draw(): void {
    const hasFocus = this.hasFocus();
    const seen = this.seen();
    if (!seen.some(({ path }) => path === this.entry)) {
      this.entry = seen[0]?.path ?? "";
    }
    this.tree.replaceChildren(...seen.map((row) => this.line(row)));
    this.tree.hidden = seen.length === 0;
    if (hasFocus) {
      this.elementOf(this.entry)?.focus({ preventScroll: true });
    }
  }

  private hasFocus(): boolean {
    return this.tree.contains(document.activeElement);
  }

  private line(row: Row): HTMLElement {
    const { kind, state, text, detail } = row.item;
    const line = element(
      "li",
      {
        role: "treeitem",
        tabindex: row.path === this.entry ? "0" : "-1",
        class: `item ${kind} ${state}`,
        title: text,
        "aria-level": String(row.level),
        "data-path": row.path,
        ...(row.children.length > 0 && { "aria-expanded": String(this.isOpen(row)) }),
      },
      element("span", { class: "twist", "aria-hidden": "true" }),
      element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
      element("span", { class: "spoken" }, kind),
      " ",
      element("code", {}, text),
      " ",
      element("span", { class: "spoken" }, WORDS[state]),
      " ",
      element("span", { class: "detail" }, detail),
    );
    line.style.setProperty("--level", String(row.level));
    return line;
  }

  /** The rows that can be seen, from the top down. */
  private seen(): Row[] {
    const hidden = new Set<Row>();
    return this.rows.filter((row) => {
      if (row.parent !== undefined && (hidden.has(row.parent) || !this.isOpen(row.parent))) {
        hidden.add(row);
        return false;
      }
      return true;
    });
  }

  private isOpen({ path, level, children }: Row): boolean {
    return this.toggled.get(path) ?? (level <= OPEN_LEVELS || children[0]?.item.state === "proved");
  }

  private toggle(row: Row, isOpen: boolean): void {
    if (row.children.length > 0) {
      this.toggled.set(row.path, isOpen);
      keepInPlace(
        () => this.inFocus() ?? this.underPointer(),
        () => {
          this.draw();
        },
      );
    }
  }

  private focus(row: Row | undefined): void {
    if (row !== undefined) {
      this.elementOf(this.entry)?.setAttribute("tabindex", "-1");
      this.entry = row.path;
      const line = this.elementOf(row.path);
      line?.setAttribute("tabindex", "0");
      line?.focus();
    }
  }

  private key(event: KeyboardEvent): void {
    const row = this.rowAt(event.target);
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const seen = this.seen();
    const here = seen.indexOf(row);
    const isOpen = row.children.length > 0 && this.isOpen(row);
    switch (event.key) {
      case "ArrowDown":
        this.focus(seen[here + 1]);
        break;
      case "ArrowUp":
        this.focus(seen[here - 1]);
        break;
      case "Home":
        this.focus(seen[0]);
        break;
      case "End":
        this.focus(seen.at(-1));
        break;
      case "ArrowRight":
        if (isOpen) {
          this.focus(row.children[0]);
        } else {
          this.toggle(row, true);
        }
        break;
      case "ArrowLeft":
        if (isOpen) {
          this.toggle(row, false);
        } else {
          this.focus(row.parent);
        }
        break;
      case "Enter":
      case " ":
        this.toggle(row, !isOpen);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  private rowAt(target: EventTarget | null): Row | undefined {
    const line = target instanceof Element ? target.closest<HTMLElement>('[role="treeitem"]') : null;
    return this.rows.find(({ path }) => path === line?.dataset.path);
  }

  private elementOf(path: string | undefined): HTMLElement | undefined {
    const lines = [...this.tree.children] as HTMLElement[];
    return lines.find((line) => line.dataset.path === path);
  }
}

function rowsOf(items: readonly SearchItem[]): Row[] {
  const known = new Map<number, Row>();
  const paths = new Set<string>();
  for (const item of items) {
    const parent = item.parent === null ? undefined : known.get(item.parent);
    let path = `${parent?.path ?? ""}/${item.kind} ${item.text}`;
    while (paths.has(path)) {
      path += "'";
    }
    paths.add(path);
    const row: Row = { item, path, level: (parent?.level ?? 0) + 1, parent, children: [] };
    parent?.children.push(row);
    known.set(item.id, row);
  }
  return [...known.values()];
}
