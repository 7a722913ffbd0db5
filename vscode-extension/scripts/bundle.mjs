// Bundles the extension into dist/extension.js, its panel's page into dist/panel.js and dist/panel.css, and writes down the licences of what was bundled.
import { build } from "esbuild";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  external: ["vscode"],
  platform: "node",
  format: "cjs",
  // The Node of the oldest VS Code in engines.vscode.
  target: "node20",
  minify: true,
  metafile: true,
  logLevel: "warning",
});
const page = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: "webview/main.ts", out: "panel" },
    { in: "webview/panel.css", out: "panel" },
  ],
  outdir: "dist",
  bundle: true,
  platform: "browser",
  format: "iife",
  // The browser of the oldest VS Code in engines.vscode.
  target: "chrome122",
  minify: true,
  metafile: true,
  logLevel: "warning",
});
const inputs = [metafile, page.metafile].flatMap((each) => Object.keys(each.inputs));
writeFileSync(path.join(root, "dist/third-party-licenses.txt"), thirdPartyLicenses(inputs));

function thirdPartyLicenses(inputs) {
  const folders = new Set(inputs.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8"));
    const file = readdirSync(path.join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined || !existsSync(path.join(root, folder, file))) {
      throw new Error(`${name} is bundled, but its licence text was not found in ${folder}.`);
    }
    return `${name} ${version} (${license})\n\n${readFileSync(path.join(root, folder, file), "utf8").trim()}\n`;
  });
  return parts.join(`\n${"=".repeat(100)}\n\n`);
}
