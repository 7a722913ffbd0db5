/** The lists of `premises.ts` in VS Code. */
import { env, Position, Range, Uri, window, workspace, type QuickPickItem } from "vscode";
import type { Choice, Place, PremiseUi, PremiseUse } from "./premises";
import { report } from "./report";

interface Item<T> extends QuickPickItem {
  readonly value: T;
}

export const premiseUi: PremiseUi = {
  async choose(placeHolder, choices) {
    const picked = await window.showQuickPick(choices.map(toItem), {
      placeHolder,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return picked?.value;
  },

  search<T>(placeholder: string, find: (text: string) => Promise<readonly Choice<T>[]>): Promise<T | undefined> {
    const list = window.createQuickPick<Item<T>>();
    list.placeholder = placeholder;
    let newest = 0;
    return new Promise((resolve) => {
      list.onDidChangeValue(async (text) => {
        const number = ++newest;
        list.busy = true;
        const choices = await find(text);
        if (number === newest) {
          // What was found need not hold the words that were typed, so the list must not filter it.
          list.items = choices.map((choice) => ({ ...toItem(choice), alwaysShow: true }));
          list.busy = false;
        }
      });
      list.onDidAccept(() => {
        resolve(list.selectedItems[0]?.value);
        list.hide();
      });
      list.onDidHide(() => {
        resolve(undefined);
        list.dispose();
      });
      list.show();
    });
  },

  async insert({ uri, version }: Place, { range, text }: PremiseUse) {
    const editor = window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri);
    if (editor?.document.version !== version) {
      return false;
    }
    const { start, end } = range;
    return editor.edit((edit) => {
      edit.replace(new Range(start.line, start.character, end.line, end.character), text);
    });
  },

  async open(uri, { line, character }) {
    const document = await workspace.openTextDocument(Uri.parse(uri));
    const place = new Position(line, character);
    await window.showTextDocument(document, { selection: new Range(place, place) });
  },

  async copy(text) {
    await env.clipboard.writeText(text);
  },

  async show(title, text) {
    await window.showInformationMessage(title, { modal: true, detail: text });
  },

  report,
};

function toItem<T>({ label, description, detail, value }: Choice<T>): Item<T> {
  return detail === "" ? { label, description, value } : { label, description, detail, value };
}
