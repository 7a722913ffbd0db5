/** The panel's page: four parts, drawn from what the extension says; it knows nothing of VS Code. */
import type { FromPage, SearchTree, ToPage } from "../src/panel/messages";
import { element, setText } from "./element";
import { goalList } from "./goals";
import { keepInPlace } from "./keepInPlace";
import { runs } from "./runs";
import { SearchTreeView } from "./searchTree";
import { SuggestionList } from "./suggestionList";

export interface PageParams {
  readonly root: HTMLElement;
  readonly send: (message: FromPage) => void;
  /** What was kept when the page was hidden. */
  readonly kept: Kept | undefined;
  readonly keep: (kept: Kept) => void;
}

/** The last messages, to be shown again before the extension has answered. */
export interface Kept {
  readonly round?: RoundMessage;
  readonly search?: SearchTree | undefined;
}

type RoundMessage = Extract<ToPage, { kind: "round" }>;

export class Page {
  private readonly notice = element("p", { class: "notice", role: "status" });
  private readonly warning = element("p", { class: "warning" });
  private readonly goals = element("div");
  private readonly goal = part("goal", "Goal", this.warning, this.goals);
  private readonly runs = element("div");
  private readonly ran = part("ran", "What ran", this.runs);
  private readonly suggestions: SuggestionList;
  private readonly search = new SearchTreeView();
  private kept: Kept;
  private drawnGoals = "";

  constructor(private readonly params: PageParams) {
    const { root, send, kept } = params;
    this.suggestions = new SuggestionList({
      take: ({ tactic }) => {
        const round = this.kept.round?.round;
        if (round !== undefined) {
          send({ kind: "take", taken: { uri: round.uri, version: round.version, round: round.round, tactic } });
        }
      },
    });
    root.replaceChildren(this.notice, this.goal, this.suggestions.root, this.ran, this.search.root);
    root.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") {
        send({ kind: "leave" });
      }
    });
    this.kept = kept ?? {};
    // What was kept may be of an older text; the extension answers with what holds.
    const { round } = this.kept;
    this.showRound(
      round === undefined ? { kind: "round", round, isStale: false, notice: "" } : { ...round, isStale: true },
    );
    this.search.show(this.kept.search);
    send({ kind: "ready" });
  }

  hear(message: ToPage): void {
    keepInPlace(
      () => this.pointedAt(),
      () => {
        if (message.kind === "round") {
          this.kept = { ...this.kept, round: message };
          this.showRound(message);
        } else {
          this.kept = { ...this.kept, search: message.search };
          this.search.show(message.search);
        }
      },
    );
    this.params.keep(this.kept);
  }

  /** What must not move on the screen. */
  private pointedAt(): Element | undefined {
    const { suggestions, search } = this;
    return suggestions.underPointer() ?? search.underPointer() ?? suggestions.inFocus() ?? search.inFocus();
  }

  private showRound({ round, isStale, notice }: RoundMessage): void {
    const isPlace = round !== undefined && round.state !== "nothing";
    const said = round?.state === "nothing" && notice === "" ? round.message : notice;
    setText(this.notice, isPlace ? "" : said);
    this.notice.hidden = isPlace || said === "";
    for (const section of [this.goal, this.suggestions.root, this.ran]) {
      section.hidden = !isPlace;
    }
    if (!isPlace) {
      return;
    }
    setText(this.warning, round.message);
    this.warning.hidden = round.message === "";
    const goals = JSON.stringify([round.goals, round.more]);
    if (goals !== this.drawnGoals) {
      this.drawnGoals = goals;
      this.goals.replaceChildren(...goalList(round.goals, round.more));
    }
    this.suggestions.show(round, isStale);
    this.runs.replaceChildren(...runs(round));
  }
}

function part(name: string, heading: string, ...children: readonly HTMLElement[]): HTMLElement {
  const id = `${name}-heading`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, heading), ...children);
}
