/**
 * The tree of the last search: goals, the tactics that led on from them, and what became of each.
 *
 * While the search runs it is drawn again and again; what the user has opened or closed stays so, and the row that has the
 * focus, or that the pointer rests on, keeps its place on the screen.
 */
import type { SearchItem, SearchTree } from "../src/panel/messages";
import { counted, element, setText } from "./element";

const SIGNS = { proved: "✓", open: "●", stuck: "✗", untried: "○" } as const;
const WORDS = { proved: "proved", open: "not proved yet", stuck: "stuck", untried: "never tried" } as const;
/** So many levels are open at first; what is proved is open to its end. */
const OPEN_LEVELS = 3;

export class SearchTreeView {
  readonly root: HTMLElement;
  private readonly status = element("p", { class: "quiet", id: "search-status" });
  private readonly tree = element("ul", { class: "tree", role: "tree", "aria-labelledby": "search-heading" });
  private readonly rest = element("p", { class: "quiet" });
  /** What the user has opened (true) or closed, by the path of texts from the root. */
  private readonly toggled = new Map<string, boolean>();
  private declaration = "";
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
      const item = itemOf(target);
      if (item !== undefined) {
        this.toggle(item, item.getAttribute("aria-expanded") !== "true");
        this.focus(item);
      }
    });
    this.tree.addEventListener("pointerover", ({ target }) => {
      this.hovered = itemOf(target)?.dataset.path;
    });
    this.tree.addEventListener("pointerleave", () => {
      this.hovered = undefined;
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
    this.keepInPlace(() => {
      this.tree.replaceChildren(...this.draw(search.items));
    });
    this.tree.hidden = this.tree.children.length === 0;
  }

  /** Draws anew without moving what the user points at. */
  private keepInPlace(draw: () => void): void {
    const focused = itemOf(document.activeElement)?.dataset.path;
    const kept = this.tree.contains(document.activeElement) ? focused : this.hovered;
    const current = this.tree.querySelector<HTMLElement>('[tabindex="0"]')?.dataset.path;
    const top = kept === undefined ? undefined : this.find(kept)?.getBoundingClientRect().top;
    draw();
    const item = kept === undefined ? undefined : this.find(kept);
    (this.find(current ?? "") ?? this.items()[0])?.setAttribute("tabindex", "0");
    if (focused !== undefined && kept === focused) {
      (item ?? this.items()[0])?.focus({ preventScroll: true });
    }
    if (item !== undefined && top !== undefined) {
      window.scrollBy(0, item.getBoundingClientRect().top - top);
    }
  }

  private draw(items: readonly SearchItem[]): HTMLElement[] {
    const roots: HTMLElement[] = [];
    const drawn = new Map<number, { element: HTMLElement; group: HTMLElement; path: string; level: number }>();
    for (const item of items) {
      const above = item.parent === null ? undefined : drawn.get(item.parent);
      const level = (above?.level ?? 0) + 1;
      const path = `${above?.path ?? ""}/${item.kind} ${item.text}`;
      const group = element("ul", { role: "group" });
      const row = this.row(item, path);
      drawn.set(item.id, { element: row, group, path, level });
      if (above === undefined) {
        roots.push(row);
        continue;
      }
      if (above.group.parentElement === null) {
        const isOpen = this.toggled.get(above.path) ?? (item.state === "proved" || above.level <= OPEN_LEVELS);
        above.element.setAttribute("aria-expanded", String(isOpen));
        above.element.append(above.group);
      }
      above.group.append(row);
    }
    return roots;
  }

  private row({ kind, state, text, detail }: SearchItem, path: string): HTMLElement {
    return element(
      "li",
      {
        role: "treeitem",
        tabindex: "-1",
        class: `${kind} ${state}`,
        "data-path": path,
        "aria-label": `${kind} ${text}, ${WORDS[state]}, ${detail}`,
      },
      element(
        "div",
        { class: "item", title: text },
        element("span", { class: "twist", "aria-hidden": "true" }),
        element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]),
        element("code", {}, text),
        element("span", { class: "detail" }, detail),
      ),
    );
  }

  /** The rows that can be seen, from the top down. */
  private items(): HTMLElement[] {
    return [...this.tree.querySelectorAll<HTMLElement>('[role="treeitem"]')].filter(
      (item) => item.parentElement?.closest('[aria-expanded="false"]') === null,
    );
  }

  private find(path: string): HTMLElement | undefined {
    return this.items().find((item) => item.dataset.path === path);
  }

  private toggle(item: HTMLElement, isOpen: boolean): void {
    if (item.hasAttribute("aria-expanded")) {
      item.setAttribute("aria-expanded", String(isOpen));
      this.toggled.set(item.dataset.path ?? "", isOpen);
    }
  }

  private focus(item: HTMLElement | undefined): void {
    if (item !== undefined) {
      for (const other of this.tree.querySelectorAll('[tabindex="0"]')) {
        other.setAttribute("tabindex", "-1");
      }
      item.setAttribute("tabindex", "0");
      item.focus();
    }
  }

  private key(event: KeyboardEvent): void {
    const item = itemOf(event.target);
    if (item === undefined || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const items = this.items();
    const here = items.indexOf(item);
    const isOpen = item.getAttribute("aria-expanded");
    switch (event.key) {
      case "ArrowDown":
        this.focus(items[here + 1]);
        break;
      case "ArrowUp":
        this.focus(items[here - 1]);
        break;
      case "Home":
        this.focus(items[0]);
        break;
      case "End":
        this.focus(items.at(-1));
        break;
      case "ArrowRight":
        if (isOpen === "false") {
          this.toggle(item, true);
        } else if (isOpen === "true") {
          this.focus(items[here + 1]);
        }
        break;
      case "ArrowLeft":
        if (isOpen === "true") {
          this.toggle(item, false);
        } else {
          this.focus(itemOf(item.parentElement));
        }
        break;
      case "Enter":
      case " ":
        this.toggle(item, isOpen !== "true");
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}

function itemOf(target: EventTarget | null): HTMLElement | undefined {
  return (target instanceof Element ? target.closest<HTMLElement>('[role="treeitem"]') : null) ?? undefined;
}
