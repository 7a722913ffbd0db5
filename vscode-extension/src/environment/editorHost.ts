import { commands, ProgressLocation, window } from "vscode";
import type { EnvironmentHost } from "./environment";

const YES = "Set Up";
const OWN_PROGRAM = "Use Another Program…";
const NO = "Not Now";

/** Asks and shows progress in VS Code. */
export const editorHost: EnvironmentHost = {
  async ask(question) {
    const answer = await window.showInformationMessage(question, YES, OWN_PROGRAM, NO);
    if (answer === OWN_PROGRAM) {
      void commands.executeCommand("workbench.action.openSettings", "leanSidekick.server.path");
    }
    return answer === YES;
  },

  async withProgress(title, work) {
    return window.withProgress(
      { location: ProgressLocation.Notification, title, cancellable: true },
      async (progress, token) => {
        const cancel = new AbortController();
        const listening = token.onCancellationRequested(() => {
          cancel.abort();
        });
        try {
          return await work((message) => {
            progress.report({ message });
          }, cancel.signal);
        } finally {
          listening.dispose();
        }
      },
    );
  },
};
