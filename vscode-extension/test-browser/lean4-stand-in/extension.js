// What the official extension exports, as far as another extension can see it: features behind a promise, which never
// resolves with LEAN4_STAND_IN=never, and a client for each folder. Requests to the client are written down in the folder.
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const GOAL = "p q : Prop\nh : p ∧ q\n⊢ q ∧ p";

function clientFor(folder) {
  return {
    getClientFolder: () => folder.uri,
    isRunning: () => true,
    sendRequest: (method, params) => {
      fs.appendFileSync(path.join(folder.uri.fsPath, "asked.jsonl"), JSON.stringify({ method, params }) + "\n");
      return Promise.resolve({ rendered: `\`\`\`lean\n${GOAL}\n\`\`\``, goals: [GOAL] });
    },
  };
}

exports.activate = () => {
  // What the real one would open a worker for.
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  const note = ({ uri, languageId }) => {
    if (languageId.startsWith("lean")) {
      fs.appendFileSync(path.join(folder.uri.fsPath, "opened.txt"), `${uri.toString()}\n`);
    }
  };
  vscode.workspace.textDocuments.forEach(note);
  vscode.workspace.onDidOpenTextDocument(note);
  const clients = (vscode.workspace.workspaceFolders ?? []).map(clientFor);
  const features = { clientProvider: { getClients: () => clients } };
  const never = process.env.LEAN4_STAND_IN === "never";
  return {
    alwaysEnabledFeatures: {},
    lean4EnabledFeatures: never ? new Promise(() => {}) : Promise.resolve(features),
  };
};
