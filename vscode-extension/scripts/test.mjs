// Bundles every test with a stand-in for VS Code and runs them all under node's own test runner.
// RUN_SLOW=0 leaves out the tests that install packages from the network.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import { build } from "esbuild";
import { buildWheel } from "./wheel.mjs";

const root = path.resolve(import.meta.dirname, "..");
const isSlowWanted = process.env.RUN_SLOW !== "0";
const tests = readdirSync(path.join(root, "test"), { recursive: true })
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => isSlowWanted || !file.endsWith(".slow.test.ts"));

rmSync(path.join(root, "out"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: tests.map((file) => path.join("test", file)),
  outdir: "out/test",
  outbase: "test",
  bundle: true,
  // It reads files of its own at run time.
  external: ["jsdom"],
  alias: { vscode: "./test/support/vscode.ts" },
  platform: "node",
  format: "cjs",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
if (isSlowWanted) {
  buildWheel(root);
}
const bundles = tests.map((file) => path.join("out/test", file.replace(/\.ts$/, ".js")));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...bundles], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
