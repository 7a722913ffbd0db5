/** The server's states as a person sees them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { readStatus, statusView, type State } from "../src/serverStatus";

describe("readStatus", () => {
  it("reads each state that the server may report", () => {
    for (const state of ["ready", "thinking", "noLean", "importsStale", "error", "modelLoading", "modelOff"]) {
      assert.deepEqual(readStatus({ state, message: "m" }), { state, message: "m" });
    }
  });

  it("reads how far a model is loaded", () => {
    const status = readStatus({ state: "modelLoading", message: "m", percent: 40 });
    assert.deepEqual(status, { state: "modelLoading", message: "m", percent: 40 });
    assert.deepEqual(readStatus({ state: "ready", message: "", percent: null }), { state: "ready", message: "" });
    assert.equal(
      statusView({ state: "modelLoading", message: "m", percent: 40 }).text,
      "$(loading~spin) Sidekick: model 40 %",
    );
  });

  it("takes nothing for a status that is none", () => {
    for (const params of [undefined, null, [], "ready", {}, { state: "stopped" }, { state: 3 }]) {
      assert.equal(readStatus(params), undefined);
    }
  });

  it("does without a message", () => {
    assert.deepEqual(readStatus({ state: "ready" }), { state: "ready", message: "" });
  });
});

describe("statusView", () => {
  const shown = (state: State, message = ""): string => {
    const { text, severity, detail, actions } = statusView({ state, message });
    return [`${text} (${severity})`, detail, actions.map(({ title }) => `[${title}]`).join(" ")].join("\n");
  };

  it("shows the server's own words where there are any", () => {
    assert.equal(
      shown("noLean", "No Lean was found: install elan."),
      "$(warning) Sidekick: no Lean (warning)\nNo Lean was found: install elan.\n[Open Settings] [Restart] [Show Log]",
    );
  });

  it("says in words of its own what each state means and what to do", () => {
    const states: State[] = [
      "ready",
      "thinking",
      "importsStale",
      "error",
      "modelLoading",
      "modelOff",
      "starting",
      "notSetUp",
      "untrusted",
      "stopped",
    ];
    assert.deepEqual(
      states.map((state) => shown(state)),
      [
        "$(check) Sidekick (normal)\nLean Sidekick is ready.\n[Complete the Proof Here] [Restart] [Show Log]",
        "$(sync~spin) Sidekick (normal)\nLean Sidekick is running tactics.\n[Show Log]",
        "$(warning) Sidekick: imports (warning)\n" +
          "The imports of this file are out of date: build the project, then restart Lean.\n[Restart Lean] [Show Log]",
        "$(error) Sidekick (error)\nLean Sidekick has met an error.\n[Restart] [Show Log]",
        "$(loading~spin) Sidekick: model (normal)\nA model is being loaded.\n[Open Settings] [Show Log]",
        "$(check) Sidekick: model off (normal)\nA model cannot be asked; all else works.\n" +
          "[Open Settings] [Restart] [Show Log]",
        "$(loading~spin) Sidekick (normal)\nLean Sidekick is starting.\n[Show Log]",
        "$(cloud-download) Sidekick: set up (warning)\nLean Sidekick is not set up yet.\n[Set Up] [Open Settings]",
        "$(shield) Sidekick: restricted (warning)\n" +
          "This folder is not trusted, so Lean Sidekick runs nothing in it.\n[Manage Trust]",
        "$(circle-slash) Sidekick: stopped (error)\nLean Sidekick has stopped.\n[Restart] [Open Settings] [Show Log]",
      ],
    );
  });

  it("offers only commands that exist", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
      contributes: { commands: { command: string }[] };
    };
    const known = new Set([
      ...manifest.contributes.commands.map(({ command }) => command),
      "workbench.action.openSettings",
      "workbench.trust.manage",
    ]);
    const states: State[] = ["ready", "noLean", "importsStale", "error", "notSetUp", "untrusted", "stopped"];
    for (const { command } of states.flatMap((state) => statusView({ state, message: "" }).actions)) {
      assert.ok(known.has(command), command);
    }
  });
});
