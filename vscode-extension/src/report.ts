import { commands, window } from "vscode";

const WAYS_OUT = {
  "Show Log": () => commands.executeCommand("leanSidekick.showLog"),
  "Open Settings": () => commands.executeCommand("workbench.action.openSettings", "leanSidekick.server"),
} as const;

type WayOut = keyof typeof WAYS_OUT;

/** Tells the user that something did not work; the message says what to do, the buttons lead there. */
export function report(problem: string, ...waysOut: WayOut[]): void {
  void window.showErrorMessage(problem, ...waysOut).then((choice) => {
    if (choice !== undefined) {
      void WAYS_OUT[choice]();
    }
  });
}
