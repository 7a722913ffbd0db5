import type { LogOutputChannel, WorkspaceFolder } from "vscode";
import { RevealOutputChannelOn, type LanguageClientOptions } from "vscode-languageclient/node";
import { SECTION } from "./config";
import { leanSelector } from "./leanDocument";
import { ownershipMiddleware } from "./ownershipMiddleware";

export interface ClientOptionsParams {
  readonly folder: WorkspaceFolder | undefined;
  readonly log: LogOutputChannel;
  /** Whether a document, named by its URI, is this client's. */
  readonly owns: (uri: string) => boolean;
  /** The section `leanSidekick`, read anew for each start. */
  readonly settings: () => unknown;
  readonly isTrusted: () => boolean;
}

/** How a client and its server begin: what is watched, what is sent, who sees errors. */
export function clientOptions({ folder, log, owns, settings, isTrusted }: ClientOptionsParams): LanguageClientOptions {
  return {
    documentSelector: leanSelector,
    outputChannel: log,
    traceOutputChannel: log,
    // Messages of our own say what failed and what to do; a panel that opens by itself would say it worse.
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => ({ settings: settings(), trusted: isTrusted() }),
    // Without this handler the library shows the bare protocol error in a message of its own.
    initializationFailedHandler: () => false,
    // Sends the section at every change, so that the server needs no round trip to know it.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    synchronize: { configurationSection: SECTION },
    middleware: ownershipMiddleware(owns),
    ...(folder === undefined ? {} : { workspaceFolder: folder }),
  };
}
