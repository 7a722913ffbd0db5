/** Which server a document belongs to: there is one for each workspace folder, and one for all files outside. */
import { workspace, type Uri, type WorkspaceFolder } from "vscode";

export interface Owner {
  /** Tells owners apart. */
  readonly key: string;
  /** Undefined for the owner of the files outside all folders. */
  readonly folder: WorkspaceFolder | undefined;
}

/** The owner of a document; of folders inside each other the innermost. */
export function ownerOf(uri: Uri): Owner {
  const folder = workspace.getWorkspaceFolder(uri);
  return { key: folder?.uri.toString() ?? "files outside all folders", folder };
}
