// A real VS Code (code-server) in a real browser (headless Chromium), with the packed extension installed in it.
//
// All that it writes lies in one scratch folder, and both processes are ended by `close`. The page may speak to this
// machine alone; `foreignHosts` says whom else it tried to reach. EDITOR_NODE names the Node that runs the editor, where
// that wants another one than these tests.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const EDITOR_NODE = process.env.EDITOR_NODE || process.execPath;
const USER_SETTINGS = {
  "chat.disableAIFeatures": true,
  "editor.inlayHints.enabled": "on",
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.autoDetectColorScheme": false,
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
};

const FOLDER_SETTINGS = "folder/.vscode/settings.json";

/** Waits until `look` gives something truthy, and gives that; `what` names it in the error. */
export async function until(what, look, limitMs = 30_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`never seen: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class Workbench {
  /**
   * Starts everything and opens `files` (name to text) as a folder.
   *
   * `editor` is the folder that install-code-server.sh filled; `vsix` are the packed extensions to install; `server` is
   * the program for leanSidekick.server.path; `artefacts` is where screenshots and logs go.
   */
  static async start({ editor, vsix, server, files, artefacts, chromium = "/usr/bin/chromium", settings = {} }) {
    const scratch = mkdtempSync(path.join(tmpdir(), "workbench-"));
    const at = (...parts) => path.join(scratch, ...parts);
    const put = (file, text) => {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    };
    for (const [name, text] of Object.entries(files)) {
      put(at("folder", name), text);
    }
    // Machine-scoped settings are not read from the user's file in a remote window, and this always is one.
    put(at("data/Machine/settings.json"), JSON.stringify({ "leanSidekick.server.path": server }));
    put(at("data/User/settings.json"), JSON.stringify({ ...USER_SETTINGS, ...settings }));
    // There from the start: the editor can miss what is written into a folder that has just been made.
    put(at(FOLDER_SETTINGS), "{}");
    const env = {
      ...process.env,
      HOME: scratch,
      XDG_CACHE_HOME: at("cache"),
      XDG_CONFIG_HOME: at("config"),
      XDG_DATA_HOME: at("data-home"),
      XDG_RUNTIME_DIR: scratch,
      EXTENSIONS_GALLERY: "{}",
    };
    const entry = path.resolve(editor, "node_modules/code-server/out/node/entry.js");
    const folders = ["--user-data-dir", at("data"), "--extensions-dir", at("extensions")];
    for (const each of vsix) {
      execFileSync(EDITOR_NODE, [entry, ...folders, "--install-extension", each], { env, stdio: "pipe" });
    }
    const port = await freePort();
    mkdirSync(artefacts, { recursive: true });
    const log = openSync(path.join(artefacts, "code-server.log"), "w");
    const flags = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
    const child = spawn(
      EDITOR_NODE,
      [entry, "--bind-addr", `127.0.0.1:${port}`, "--disable-getting-started-override", ...flags, ...folders],
      { env, stdio: ["ignore", log, log], detached: true },
    );
    const workbench = new Workbench({ scratch, artefacts, child });
    try {
      await until("code-server", () =>
        fetch(`http://127.0.0.1:${port}/healthz`).then(
          (answer) => answer.ok,
          () => false,
        ),
      );
      const { chromium: browser } = createRequire(path.resolve(editor, "package.json"))("playwright-core");
      workbench.browser = await browser.launchPersistentContext(at("chromium"), {
        executablePath: chromium,
        headless: true,
        viewport: { width: 1280, height: 800 },
        args: CHROMIUM_FLAGS,
      });
      workbench.page = workbench.browser.pages()[0];
      workbench.page.on("request", (request) => {
        const url = new URL(request.url());
        if (/^(http|ws)/.test(url.protocol) && url.hostname !== "127.0.0.1") {
          workbench.foreignHosts.add(url.hostname);
        }
      });
      // What a page in a view loads has an address of its own, which VS Code answers inside the browser.
      workbench.page.on("response", (response) => {
        if (response.fromServiceWorker()) {
          workbench.foreignHosts.delete(new URL(response.url()).hostname);
        }
      });
      await workbench.page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(at("folder"))}`);
      await workbench.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
      return workbench;
    } catch (error) {
      await workbench.close();
      throw error;
    }
  }

  constructor({ scratch, artefacts, child }) {
    this.settings = {};
    this.scratch = scratch;
    this.artefacts = artefacts;
    this.child = child;
    this.foreignHosts = new Set();
  }

  /** Opens a file of the folder and puts the cursor where its text was marked. */
  async open(name, { line, column }) {
    const { page } = this;
    await page.keyboard.press("Escape");
    await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await page.locator(".tab.active", { hasText: name }).waitFor();
    await page.locator(".editor-group-container .view-lines").first().waitFor();
    await this.goTo({ line, column });
  }

  /** The same by the list of files, which shows those too that the explorer has no room for. */
  async openByName(name, where) {
    await this.#pick(name, "Control+p", name, name);
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
    await this.goTo(where);
  }

  /** Opens a list by its key, types into it, and takes the row that is chosen once it is the wanted one. */
  async #pick(what, key, text, rowText) {
    const { page } = this;
    const box = page.locator(".quick-input-widget input");
    // The chosen row: before the list is narrowed down the wanted one may stand below another.
    const row = page.locator(".quick-input-list .monaco-list-row.focused", { hasText: rowText }).first();
    const isSeen = (locator, ms) =>
      locator.waitFor({ timeout: ms }).then(
        () => true,
        () => false,
      );
    await until(what, async () => {
      // A key can be lost while panels settle or the focus moves into a view.
      await page.keyboard.press(key);
      if (!(await isSeen(box, 3_000))) {
        return false;
      }
      await box.fill(text);
      const isThere = await isSeen(row, 5_000);
      await page.keyboard.press(isThere ? "Enter" : "Escape");
      return isThere;
    });
  }

  /** Puts the cursor at a place, both counted from one. */
  async goTo({ line, column }) {
    const { page } = this;
    await page.keyboard.press("Control+g");
    const box = page.locator(".quick-input-widget input");
    await box.waitFor();
    await box.fill(`:${line}:${column}`);
    // The box takes no Enter before it has understood what stands in it.
    await page
      .locator(".quick-input-list .monaco-list-row", { hasText: new RegExp(`go to line ${line}\\b`, "i") })
      .first()
      .waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Changes a setting of the folder, as its settings page would. */
  async setting(name, value) {
    this.settings[name] = value;
    writeFileSync(path.join(this.scratch, FOLDER_SETTINGS), JSON.stringify(this.settings));
  }

  /** What the editor shows, hints and ghost text included. */
  async shown() {
    const lines = this.page.locator(".editor-group-container .view-lines").first();
    return (await lines.innerText()).replaceAll("\u00a0", " ");
  }

  /** The text of all inlay hints and ghost texts on the screen. */
  async hints() {
    const found = await this.page.locator('.view-lines span[class*="dyn-rule"]').allInnerTexts();
    return found.map((text) => text.replaceAll("\u00a0", " "));
  }

  /** Opens the menu of code actions and gives its titles. */
  async codeActions() {
    const rows = this.page.locator(".action-widget .monaco-list-row.action");
    // The first key press can be lost while panels settle, and an open menu does not grow.
    await until("the menu of code actions", async () => {
      await this.page.keyboard.press("Control+.");
      return rows
        .first()
        .waitFor({ timeout: 3_000 })
        .then(
          () => true,
          () => false,
        );
    });
    return (await rows.allInnerTexts()).map((text) => text.replaceAll("\u00a0", " ").trim());
  }

  /** Takes an entry of the open menu. A click would hit the editor's own overlay. */
  async take(title) {
    const titles = (await this.page.locator(".action-widget .monaco-list-row.action").allInnerTexts()).map((text) =>
      text.replaceAll("\u00a0", " ").trim(),
    );
    const place = titles.findIndex((each) => each.startsWith(title));
    if (place < 0) {
      throw new Error(`no entry ${title} among ${titles.join(" | ")}`);
    }
    const focused = this.page.locator(".action-widget .monaco-list-row.action.focused");
    await until(`${title} in focus`, async () => {
      if ((await focused.innerText()).replaceAll("\u00a0", " ").trim().startsWith(title)) {
        return true;
      }
      await this.page.keyboard.press("ArrowDown");
      return false;
    });
    await this.page.keyboard.press("Enter");
  }

  /** The entries of the open list, from its first to the last on the screen: label, description and detail in one text. */
  async choices() {
    const rows = await this.page.locator(".quick-input-list .monaco-list-row").allInnerTexts();
    return rows.map((text) => text.replaceAll("\u00a0", " ").replaceAll("\n", " ").trim());
  }

  /** Takes the entry of the open list that begins so. */
  async choose(label) {
    const focused = this.page.locator(".quick-input-list .monaco-list-row.focused");
    await until(`${label} in focus`, async () => {
      const [text] = await focused.allInnerTexts();
      if (text?.replaceAll("\u00a0", " ").trim().startsWith(label)) {
        return true;
      }
      await this.page.keyboard.press("ArrowDown");
      return false;
    });
    await this.page.keyboard.press("Enter");
  }

  /** What the status bar says. */
  async status() {
    return (await this.page.locator(".statusbar").innerText()).replaceAll("\u00a0", " ");
  }

  /** Runs a command by its title in the command palette. */
  async run(title) {
    await this.#pick(title, "F1", `>${title}`, title);
    // Its box takes keys until it is gone, or is another command's.
    const box = this.page.locator(".quick-input-widget input");
    await until(`${title} begun`, async () => !(await box.isVisible()) || !(await box.inputValue()).startsWith(">"));
  }

  /** Takes the last step back, once the keys are the editor's again. */
  async undo() {
    await this.page.locator(".editor-group-container .monaco-editor.focused").first().waitFor();
    await this.page.keyboard.press("Control+z");
  }

  async screenshot(name) {
    await this.page.screenshot({ path: path.join(this.artefacts, `${name}.png`) });
  }

  /** A picture of one part of the page. */
  async screenshotOf(selector, name) {
    await this.page.locator(selector).screenshot({ path: path.join(this.artefacts, `${name}.png`) });
  }

  /** Ends the browser and the editor, and keeps the editor's logs. */
  async close() {
    await this.browser?.close();
    const gone = once(this.child, "exit");
    try {
      process.kill(-this.child.pid, "SIGTERM");
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 8_000).unref())]);
    } catch {
      // It has ended by itself.
    }
    cpSync(path.join(this.scratch, "data/logs"), path.join(this.artefacts, "logs"), { recursive: true, force: true });
    // The server's index of premises writes down what it has before it ends, a little later than the editor.
    await until("the scratch folder gone", () => {
      try {
        rmSync(this.scratch, { recursive: true, force: true });
        return true;
      } catch {
        return false;
      }
    });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
