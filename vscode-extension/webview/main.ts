/** Where the panel's page begins: it ties the page to VS Code. */
import type { FromPage, ToPage } from "../src/panel/messages";
import { Page, type Kept } from "./page";

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
};

const code = acquireVsCodeApi();
const root = document.getElementById("panel");
if (root !== null) {
  const page = new Page({
    root,
    send: (message) => {
      code.postMessage(message);
    },
    kept: code.getState(),
    keep: (kept) => {
      code.setState(kept);
    },
  });
  window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
    page.hear(data);
  });
}
