/** The settings `leanSidekick.*`: the only module that knows their names. */
import { workspace, type ConfigurationChangeEvent, type ConfigurationScope } from "vscode";

export const SECTION = "leanSidekick";

/** The settings that this extension itself obeys; all others are read by the server. */
export const CLIENT_SETTINGS = ["server.path", "server.python", "trace.server"] as const;

/** The program to start instead of the one in our own environment; empty for none. */
export function serverPath(scope: ConfigurationScope | undefined): string {
  return workspace.getConfiguration(SECTION, scope).get("server.path", "").trim();
}

/** The Python from which our environment is made; empty for the first fitting one. */
export function serverPython(): string {
  return workspace.getConfiguration(SECTION).get("server.python", "").trim();
}

/** The whole section as plain data, in the nested form in which the server reads it. */
export function sectionSettings(scope: ConfigurationScope | undefined): unknown {
  const section = workspace.getConfiguration(undefined, scope).get<unknown>(SECTION) ?? {};
  // VS Code hands out proxies; a copy is what travels.
  return JSON.parse(JSON.stringify(section)) as unknown;
}

/** Whether another program may have to be started after this change. */
export function changesServer(event: ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration(`${SECTION}.server.path`) || event.affectsConfiguration(`${SECTION}.server.python`);
}
