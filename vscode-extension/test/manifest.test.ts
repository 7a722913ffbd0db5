/** package.json against the code: its section of settings is partly written by a generator. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { CLIENT_SETTINGS, SECTION } from "../src/config";
import { downloads } from "../src/environment/downloads";
import { leanSelector } from "../src/leanDocument";
import { Session } from "./support/session";

interface Manifest {
  version: string;
  engines: { vscode: string };
  devDependencies: Record<string, string>;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string }[];
    keybindings: { command: string }[];
    walkthroughs: { steps: { description: string; media: { markdown: string } }[] }[];
    configuration: { properties: Record<string, { scope?: string; default: unknown }> };
  };
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const { properties } = manifest.contributes.configuration;

describe("package.json", () => {
  it("has the settings that the extension itself reads, each overridable on a machine", () => {
    for (const name of CLIENT_SETTINGS) {
      const setting = properties[`${SECTION}.${name}`];
      assert.ok(setting !== undefined, `${name} is missing`);
      assert.equal(setting.scope, name.startsWith("server.") ? "machine-overridable" : "window");
    }
  });

  it("lets a folder that nobody trusts choose no program", () => {
    const programs = Object.keys(properties).filter((name) => name.startsWith(`${SECTION}.server.`));
    assert.deepEqual(
      manifest.capabilities.untrustedWorkspaces.restrictedConfigurations.filter((name) => programs.includes(name)),
      programs,
    );
  });

  it("puts only commands into the palette that exist as soon as the extension is active", async () => {
    const session = new Session();
    session.activate();
    const known = new Set(session.editor.commands.keys());
    await session.close();
    for (const { command } of [...manifest.contributes.commands, ...manifest.contributes.keybindings]) {
      assert.ok(known.has(command), command);
    }
    assert.ok(!known.has("leanSidekick.completeProof"), "the server's own command is registered when a server has it");
  });

  it("activates for exactly the languages that the client selects", () => {
    assert.deepEqual(
      manifest.activationEvents,
      leanSelector.map(({ language }) => `onLanguage:${language}`),
    );
  });

  it("promises no older VS Code than the one whose API it is checked against", () => {
    const api = manifest.devDependencies["@types/vscode"] ?? "";
    assert.equal(manifest.engines.vscode.replace("^", ""), api);
  });

  it("has the version of the Python package that it carries", () => {
    const source = readFileSync("../server/lean_sidekick/__init__.py", "utf8");
    assert.equal(/__version__ = "(.+)"/.exec(source)?.[1], manifest.version);
  });

  it("leads a newcomer to commands that there are and pages that are packed", () => {
    const commands = manifest.contributes.commands.map(({ command }) => command);
    for (const { description, media } of manifest.contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      for (const [, name = ""] of description.matchAll(/\(command:(leanSidekick\.\w+)\)/g)) {
        assert.ok(commands.includes(name), name);
      }
      assert.match(media.markdown, /^media\/\w+\.md$/);
      assert.ok(readFileSync(media.markdown, "utf8").startsWith("# "), media.markdown);
    }
    assert.ok(readFileSync(".vscodeignore", "utf8").includes("!media/*.md"));
  });
});

describe("README.md", () => {
  it("says of the download what the question says", () => {
    const { packages, megabytes } = downloads;
    const said = `(${packages.length} packages, about ${megabytes} MB)`;
    assert.ok(readFileSync("README.md", "utf8").replaceAll(/\s+/g, " ").includes(said), said);
  });
});

describe("the sources", () => {
  it("name settings in config.ts only", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    for (const file of files.filter((each) => each !== "config.ts")) {
      assert.doesNotMatch(readFileSync(`src/${file}`, "utf8"), /getConfiguration/, file);
    }
  });
});
