/**
 * One registration for each command of the servers, whoever offers it, and the way from a call to the right server.
 *
 * A call is for the document that its first argument names by `uri`, or else for the active editor.
 */
import type { CancellationToken } from "vscode";
import type { WorkProgress } from "./sidecar";

export interface CommandTarget {
  execute(
    command: string,
    args: readonly unknown[],
    onProgress: (progress: WorkProgress) => void,
    token: CancellationToken,
  ): Promise<unknown>;
}

export interface CommandRouterParams {
  readonly register: (command: string, run: (...args: unknown[]) => Promise<unknown>) => void;
  /** The URI of the active editor's document. */
  readonly activeUri: () => string | undefined;
  /** The running server of a document; one that is being started is waited for. */
  readonly targetOf: (uri: string) => Promise<CommandTarget | undefined>;
  /** Shows progress, with a cancel if the title is for work that may take long. */
  readonly withProgress: (
    title: string | undefined,
    work: (onProgress: (progress: WorkProgress) => void, token: CancellationToken) => Promise<unknown>,
  ) => Promise<unknown>;
  readonly report: (problem: string) => void;
}

/** The commands that may take long, with what is said while they run. */
const LONG_COMMANDS: Readonly<Record<string, string>> = {
  "leanSidekick.completeProof": "Completing the proof",
  "leanSidekick.proveFile": "Proving every sorry",
};

/**
 * The protocol's codes for answers that need no message of ours: cancelled by the client or by the server, and "the
 * text has changed", of which the server tells the user itself.
 */
const SILENT_CODES: readonly unknown[] = [-32800, -32802, -32801];

export class CommandRouter {
  private readonly offered = new Set<string>();

  constructor(private readonly params: CommandRouterParams) {}

  /** Makes a command of the servers known to VS Code, once. */
  readonly offer = (command: string): void => {
    if (!this.offered.has(command)) {
      this.offered.add(command);
      this.params.register(command, (...args) => this.run(command, args));
    }
  };

  /** Runs a command on the server that it is for. Failures are reported, not thrown. */
  async run(command: string, args: readonly unknown[]): Promise<unknown> {
    const { activeUri, targetOf, withProgress, report } = this.params;
    const uri = uriIn(args[0]) ?? activeUri();
    if (uri === undefined) {
      report("Lean Sidekick acts on the active editor: open a Lean file first.");
      return undefined;
    }
    const target = await targetOf(uri);
    if (target === undefined) {
      report("Lean Sidekick does not run for this file; its entry in the status bar says why.");
      return undefined;
    }
    try {
      return await withProgress(LONG_COMMANDS[command], (onProgress, token) =>
        target.execute(command, args, onProgress, token),
      );
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      if (!SILENT_CODES.includes(code)) {
        report(typeof message === "string" && message !== "" ? message : `${command} failed; the log has the details.`);
      }
      return undefined;
    }
  }
}

function uriIn(argument: unknown): string | undefined {
  const uri = (argument as { uri?: unknown } | null | undefined)?.uri;
  return typeof uri === "string" ? uri : undefined;
}
