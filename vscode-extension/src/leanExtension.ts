/**
 * The goals that the official Lean extension's client has: a head start for our server, and never more.
 *
 * What that extension exports is for its own tests and no promise (release 0.0.239: `lean4EnabledFeatures` is a promise
 * of `clientProvider`, whose `getClients()` are one a project folder). So nothing of it is taken for granted, nothing
 * is waited for long, and any surprise is the same answer: no goals.
 */
import { CancellationTokenSource, extensions, Uri, workspace } from "vscode";
import { isInFolder } from "./isInFolder";

/** A place in a version of a document, as `leanSidekick/goalsAt` has it. */
export interface GoalsAt {
  readonly uri: string;
  readonly version: number;
  readonly position: { readonly line: number; readonly character: number };
}

/** Whoever waits for the goals can give up. */
interface Waiting {
  onCancellationRequested(listener: () => void): { dispose(): void };
}

const EXTENSION = "leanprover.lean4";
/** Our own Lean has its goal sooner, or the editor's is busy with a file that ours has to read as well. */
export const LIMIT_MS = 4_000;

/** The goals at a place as Lean prints them; none if they are not to be had, in time and for this version. */
export async function goalsAt(params: GoalsAt, waiting: Waiting, limitMs = LIMIT_MS): Promise<string[]> {
  const source = new CancellationTokenSource();
  let end: (() => void) | undefined;
  const givenUp = new Promise<undefined>((resolve) => {
    end = () => {
      resolve(undefined);
    };
  });
  const listening = waiting.onCancellationRequested(() => end?.());
  const limit = setTimeout(() => end?.(), limitMs);
  try {
    const answer = await Promise.race([ask(params, source.token).catch(() => undefined), givenUp]);
    return isCurrent(params) ? readGoals(answer) : [];
  } finally {
    clearTimeout(limit);
    listening.dispose();
    source.cancel();
  }
}

async function ask({ uri, version, position }: GoalsAt, token: unknown): Promise<unknown> {
  const extension = extensions.getExtension(EXTENSION);
  if (extension?.isActive !== true || !isCurrent({ uri, version })) {
    return undefined;
  }
  const features: unknown = await member(extension.exports, "lean4EnabledFeatures");
  const provider = member(features, "clientProvider");
  const clients = call(provider, "getClients");
  const client = Array.isArray(clients) ? clientOf(Uri.parse(uri), clients) : undefined;
  if (client === undefined || call(client, "isRunning") !== true || !isCurrent({ uri, version })) {
    return undefined;
  }
  return call(client, "sendRequest", "$/lean/plainGoal", { textDocument: { uri }, position }, token);
}

/** Of the clients the one whose project holds a file, the innermost; the one without a folder serves the rest. */
function clientOf(uri: Uri, clients: readonly unknown[]): unknown {
  const folders = clients.map((client) => ({ client, folder: folderOf(client) }));
  const around = folders.filter(({ folder }) => folder !== undefined && isInFolder(uri.fsPath, folder));
  const [innermost] = around.sort((a, b) => (b.folder?.length ?? 0) - (a.folder?.length ?? 0));
  return innermost?.client ?? folders.find(({ folder }) => folder === undefined)?.client;
}

/** The path of a client's folder; undefined for the client of files without one. */
function folderOf(client: unknown): string | undefined {
  const path = member(call(client, "getClientFolder") ?? member(client, "folderUri"), "fsPath");
  return typeof path === "string" && path !== "" ? path : undefined;
}

/** Whether the text is still the one that is meant: positions of another are positions of nothing. */
function isCurrent({ uri, version }: { uri: string; version: number }): boolean {
  return workspace.textDocuments.some((document) => document.uri.toString() === uri && document.version === version);
}

function readGoals(answer: unknown): string[] {
  const goals = member(answer, "goals");
  return Array.isArray(goals) && goals.every((goal) => typeof goal === "string") ? goals : [];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function call(value: unknown, name: string, ...args: unknown[]): unknown {
  const method = member(value, name);
  return typeof method === "function" ? (method as (...args: unknown[]) => unknown).apply(value, args) : undefined;
}
