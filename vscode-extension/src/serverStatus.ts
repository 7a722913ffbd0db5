/** What is known of one server, and how it reads; no VS Code here. */

/** The states that the server reports by `leanSidekick/statusChanged`. */
const SERVER_STATES = ["ready", "thinking", "noLean", "importsStale", "error", "modelLoading", "modelOff"] as const;
type ServerState = (typeof SERVER_STATES)[number];

/** The server's states, and those of the time when there is none. */
export type State = ServerState | "starting" | "notSetUp" | "untrusted" | "stopped";

export interface ServerStatus {
  readonly state: State;
  /** One sentence that says more; empty if there is nothing more to say. */
  readonly message: string;
  /** How far a model is loaded. */
  readonly percent?: number;
}

export interface StatusAction {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** How a status is shown: in the bar, on hovering, and in the message after a click. */
export interface StatusView {
  readonly text: string;
  readonly severity: "normal" | "warning" | "error";
  readonly detail: string;
  readonly actions: readonly StatusAction[];
}

/** Reads the server's notification. Undefined: it says nothing that we understand. */
export function readStatus(params: unknown): ServerStatus | undefined {
  const { state, message, percent } = (params ?? {}) as { state?: unknown; message?: unknown; percent?: unknown };
  const known = SERVER_STATES.find((each) => each === state);
  if (known === undefined) {
    return undefined;
  }
  const said = typeof message === "string" ? message : "";
  return { state: known, message: said, ...(typeof percent === "number" && { percent }) };
}

const showLog = action("Show Log", "leanSidekick.showLog");
const restart = action("Restart", "leanSidekick.restart");
const restartLean = action("Restart Lean", "leanSidekick.restartLean");
const completeProof = action("Complete the Proof Here", "leanSidekick.completeProofHere");
const setUp = action("Set Up", "leanSidekick.setup");
const models = openSettings("leanSidekick.models");
const manageTrust = action("Manage Trust", "workbench.trust.manage");

/** What each state looks like when the server adds no words of its own, and what a person can do then. */
const VIEWS: Record<State, StatusView> = {
  starting: view("$(loading~spin) Sidekick", "normal", "Lean Sidekick is starting.", [showLog]),
  ready: view("$(check) Sidekick", "normal", "Lean Sidekick is ready.", [completeProof, restart, showLog]),
  thinking: view("$(sync~spin) Sidekick", "normal", "Lean Sidekick is running tactics.", [showLog]),
  noLean: view("$(warning) Sidekick: no Lean", "warning", "Lean Sidekick found no Lean that it can run.", [
    openSettings("leanSidekick.lean"),
    restart,
    showLog,
  ]),
  importsStale: view(
    "$(warning) Sidekick: imports",
    "warning",
    "The imports of this file are out of date: build the project, then restart Lean.",
    [restartLean, showLog],
  ),
  modelLoading: view("$(loading~spin) Sidekick: model", "normal", "A model is being loaded.", [models, showLog]),
  modelOff: view("$(check) Sidekick: model off", "normal", "A model cannot be asked; all else works.", [
    models,
    restart,
    showLog,
  ]),
  error: view("$(error) Sidekick", "error", "Lean Sidekick has met an error.", [restart, showLog]),
  notSetUp: view("$(cloud-download) Sidekick: set up", "warning", "Lean Sidekick is not set up yet.", [
    setUp,
    openSettings("leanSidekick.server"),
  ]),
  untrusted: view(
    "$(shield) Sidekick: restricted",
    "warning",
    "This folder is not trusted, so Lean Sidekick runs nothing in it.",
    [manageTrust],
  ),
  stopped: view("$(circle-slash) Sidekick: stopped", "error", "Lean Sidekick has stopped.", [
    restart,
    openSettings("leanSidekick.server"),
    showLog,
  ]),
};

export function statusView({ state, message, percent }: ServerStatus): StatusView {
  const view = VIEWS[state];
  const text = percent === undefined ? view.text : `${view.text} ${percent} %`;
  return { ...view, text, detail: message === "" ? view.detail : message };
}

function view(text: string, severity: StatusView["severity"], detail: string, actions: StatusAction[]): StatusView {
  return { text, severity, detail, actions };
}

function action(title: string, command: string, ...args: string[]): StatusAction {
  return { title, command, args };
}

function openSettings(query: string): StatusAction {
  return action("Open Settings", "workbench.action.openSettings", query);
}
