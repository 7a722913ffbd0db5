/** The commands of the extension itself; those of the servers are the router's. */
import { commands, window, type Disposable, type TextEditor } from "vscode";
import type { CommandRouter } from "./commandRouter";
import { serverPath, serverPython } from "./config";
import type { Environment } from "./environment/environment";
import { isLeanDocument } from "./leanDocument";
import { PANEL_VIEW } from "./panel/panel";
import { findLemma, premisesForGoal, type Place, type PremiseUi, type Run } from "./premises";
import { premiseUi } from "./premiseUi";
import { report } from "./report";
import type { Sidecar } from "./sidecar";
import type { SidecarPool } from "./sidecarPool";
import { SHOW_STATUS, type StatusBar } from "./statusBar";

export interface CommandsParams {
  readonly pool: SidecarPool<Sidecar>;
  readonly router: CommandRouter;
  readonly environment: Environment;
  readonly statusBar: StatusBar;
  readonly showLog: () => void;
  readonly setModelKey: () => Promise<void>;
  /** Shows what someone who helps needs to know. */
  readonly reportProblem: () => Promise<void>;
}

export function registerCommands({
  pool,
  router,
  environment,
  statusBar,
  showLog,
  setModelKey,
  reportProblem,
}: CommandsParams): Disposable[] {
  // In the palette from the start, so registered before any server has offered it.
  router.offer("leanSidekick.restartLean");
  router.offer("leanSidekick.forgetLearned");
  const own: Record<string, () => unknown> = {
    "leanSidekick.completeProofHere": () => completeProofHere(router),
    "leanSidekick.proveThisFile": () => proveThisFile(router),
    "leanSidekick.premisesHere": () => withPlace(router, premisesForGoal),
    "leanSidekick.findLemmaHere": () => withPlace(router, findLemma),
    "leanSidekick.openPanel": () => commands.executeCommand(`${PANEL_VIEW}.focus`),
    "leanSidekick.restart": () => {
      pool.restart("asked for by the user");
    },
    "leanSidekick.setup": () => setUp(environment, pool),
    "leanSidekick.showLog": showLog,
    "leanSidekick.reportProblem": reportProblem,
    "leanSidekick.setModelKey": setModelKey,
    [SHOW_STATUS]: () => statusBar.explain(),
  };
  return Object.entries(own).map(([name, run]) => commands.registerCommand(name, run));
}

async function completeProofHere(router: CommandRouter): Promise<void> {
  const editor = leanEditor("Put the cursor into a proof of a Lean file first.");
  if (editor !== undefined) {
    const { line, character } = editor.selection.active;
    await router.run("leanSidekick.completeProof", [{ ...versionOf(editor), position: { line, character } }]);
  }
}

async function proveThisFile(router: CommandRouter): Promise<void> {
  const editor = leanEditor("Open a Lean file first.");
  if (editor !== undefined) {
    await router.run("leanSidekick.proveFile", [versionOf(editor)]);
  }
}

async function withPlace(
  router: CommandRouter,
  show: (place: Place, run: Run, ui: PremiseUi) => Promise<void>,
): Promise<void> {
  const editor = leanEditor("Put the cursor into a proof of a Lean file first.");
  if (editor !== undefined) {
    const { line, character } = editor.selection.active;
    const run: Run = (command, argument) => router.run(command, [argument]);
    await show({ ...versionOf(editor), position: { line, character } }, run, premiseUi);
  }
}

/** The active editor if it shows a Lean file; otherwise says what to do. */
function leanEditor(advice: string): TextEditor | undefined {
  const editor = window.activeTextEditor;
  if (editor !== undefined && isLeanDocument(editor.document)) {
    return editor;
  }
  report(advice);
  return undefined;
}

function versionOf({ document }: TextEditor): { uri: string; version: number } {
  return { uri: document.uri.toString(), version: document.version };
}

async function setUp(environment: Environment, pool: SidecarPool<Sidecar>): Promise<void> {
  const path = serverPath(undefined);
  if (path !== "") {
    report(
      `Nothing to set up: leanSidekick.server.path names ${path}. Clear it to use the extension's own environment.`,
      "Open Settings",
    );
    return;
  }
  try {
    const answer = await environment.setUp(serverPython());
    if (answer.kind === "ready") {
      pool.restart("its environment was set up");
    }
  } catch (error) {
    report(error instanceof Error ? error.message : String(error), "Open Settings", "Show Log");
  }
}
