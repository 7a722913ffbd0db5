import { CancellationTokenSource, ProgressLocation, window } from "vscode";
import type { CommandRouterParams } from "./commandRouter";

/**
 * Shows the progress of a server's command.
 *
 * The library shows what a server reports in the status bar, where VS Code has no cancel button; long work gets a
 * notification of its own, which has one.
 */
export const commandProgress: CommandRouterParams["withProgress"] = async (title, work) => {
  if (title === undefined) {
    return work(() => undefined, new CancellationTokenSource().token);
  }
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  return window.withProgress(options, (progress, token) =>
    work((step) => {
      if (step.kind !== "end" && step.message !== undefined) {
        progress.report({ message: step.message });
      }
    }, token),
  );
};
