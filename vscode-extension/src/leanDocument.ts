import type { TextDocument } from "vscode";

/** The documents that the server is told about: Lean files on this machine's disk. */
export const leanSelector = [
  { scheme: "file", language: "lean4" },
  { scheme: "file", language: "lean" },
];

/** Whether a document is one of them. */
export function isLeanDocument(document: TextDocument): boolean {
  return leanSelector.some(
    ({ scheme, language }) => document.uri.scheme === scheme && document.languageId === language,
  );
}
