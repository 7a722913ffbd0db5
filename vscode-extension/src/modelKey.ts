/** The key of the user's model server: kept by the editor's secret storage, handed to a server process as a variable. */
import { window, type ExtensionContext } from "vscode";
import type { ServerCommand } from "./serverCommand";

type Secrets = ExtensionContext["secrets"];

const NAME = "leanSidekick.modelKey";
const VARIABLE = "LEAN_SIDEKICK_API_KEY";

/** The command with the key in its variables, if there is one; a variable of the user's own goes first. */
export async function withModelKey(command: ServerCommand, secrets: Secrets): Promise<ServerCommand> {
  const key = await secrets.get(NAME);
  return key === undefined ? command : { ...command, env: { [VARIABLE]: key, ...command.env } };
}

/** Asks for the key; says whether it is another one now. An empty answer forgets it. */
export async function setModelKey(secrets: Secrets): Promise<boolean> {
  const key = await window.showInputBox({
    title: "Key for the model server",
    prompt:
      "Kept in this editor's secret storage, and sent to the servers of leanSidekick.models.remote.endpoints alone. Empty forgets it.",
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined) {
    return false;
  }
  await (key.trim() === "" ? secrets.delete(NAME) : secrets.store(NAME, key.trim()));
  return true;
}
