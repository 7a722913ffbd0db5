import { commands, StatusBarAlignment, ThemeColor, window, type Disposable } from "vscode";
import { statusView, type ServerStatus } from "./serverStatus";

/** Shown after a click on the item; not in the palette. */
export const SHOW_STATUS = "leanSidekick.showStatus";

/** The item in the status bar: the state of the server that the active editor belongs to. */
export class StatusBar implements Disposable {
  private readonly item = window.createStatusBarItem("leanSidekick.status", StatusBarAlignment.Right, 100);
  private readonly known = new Map<string, ServerStatus>();

  /** `activeKey` names the owner of the active editor's document, if that is a Lean file. */
  constructor(private readonly activeKey: () => string | undefined) {
    this.item.name = "Lean Sidekick";
    this.item.command = SHOW_STATUS;
  }

  set(key: string, status: ServerStatus | undefined): void {
    if (status === undefined) {
      this.known.delete(key);
    } else {
      this.known.set(key, status);
    }
    this.refresh();
  }

  /** Shows what belongs to the editor that is active now. */
  refresh(): void {
    const status = this.current();
    if (status === undefined) {
      this.item.hide();
      return;
    }
    const { text, severity, detail } = statusView(status);
    this.item.text = text;
    this.item.tooltip = detail;
    this.item.backgroundColor =
      severity === "normal" ? undefined : new ThemeColor(`statusBarItem.${severity}Background`);
    this.item.show();
  }

  /** The state in words, for a report. */
  describe(): string {
    const status = this.current();
    return status === undefined ? "no Lean file is active" : `${status.state}: ${statusView(status).detail}`;
  }

  /** Says what the state means and offers what can be done about it. */
  async explain(): Promise<void> {
    const status = this.current();
    if (status === undefined) {
      return;
    }
    const { detail, severity, actions } = statusView(status);
    const show = severity === "normal" ? window.showInformationMessage : window.showWarningMessage;
    const chosen = await show(detail, ...actions.map(({ title }) => title));
    const action = actions.find(({ title }) => title === chosen);
    if (action !== undefined) {
      await commands.executeCommand(action.command, ...action.args);
    }
  }

  dispose(): void {
    this.item.dispose();
  }

  private current(): ServerStatus | undefined {
    const key = this.activeKey();
    return key === undefined ? undefined : this.known.get(key);
  }
}
