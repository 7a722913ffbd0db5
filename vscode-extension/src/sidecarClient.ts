import {
  CloseAction,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type DynamicFeature,
  type InitializeParams,
  type LanguageClientOptions,
  type StaticFeature,
  type StreamInfo,
} from "vscode-languageclient/node";
import { RoutedCommandFeature } from "./routedCommandFeature";

/** The broken messages in a row after which a connection is given up. */
const MAX_ERRORS = 3;

/**
 * The library's client, changed in what several folders and our own messages need.
 *
 * It never restarts its server and never shows an error: both are for whoever watches its state (see `Sidecar`).
 */
export class SidecarClient extends LanguageClient {
  constructor(
    connect: () => Promise<StreamInfo>,
    options: LanguageClientOptions,
    offerCommand: (command: string) => void,
  ) {
    super("leanSidekick", "Lean Sidekick", connect, {
      ...options,
      errorHandler: {
        error: (_error, _message, count) => ({
          action: (count ?? 0) <= MAX_ERRORS ? ErrorAction.Continue : ErrorAction.Shutdown,
          handled: true,
        }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
    });
    super.registerFeature(new RoutedCommandFeature(offerCommand));
  }

  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = "registrationType" in feature ? feature.registrationType.method : undefined;
    // Replaced in the constructor, which runs after the library has registered its own features.
    if (method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }

  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  protected override fillInitializeParams(params: InitializeParams): void {
    super.fillInitializeParams(params);
    params.capabilities.experimental = { leanSidekick: { goalsAt: true, findLemma: true } };
    if (this.clientOptions.workspaceFolder === undefined) {
      // The client of the files outside all folders: the library would name the first folder as its root.
      /* eslint-disable @typescript-eslint/no-deprecated -- the library fills them in all the same */
      params.rootPath = null;
      params.rootUri = null;
      /* eslint-enable @typescript-eslint/no-deprecated */
      params.workspaceFolders = null;
    }
  }
}
