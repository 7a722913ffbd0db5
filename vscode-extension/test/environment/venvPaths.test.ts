/** Where programs lie in an environment, on every platform and under awkward names. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { venvPaths } from "../../src/environment/venvPaths";

describe("venvPaths", () => {
  it("knows the layout of Windows", () => {
    assert.deepEqual(venvPaths("C:\\Users\\Zoë Müller\\AppData\\lean ∀\\env", "win32"), {
      python: "C:\\Users\\Zoë Müller\\AppData\\lean ∀\\env\\Scripts\\python.exe",
      sidekick: "C:\\Users\\Zoë Müller\\AppData\\lean ∀\\env\\Scripts\\lean-sidekick.exe",
    });
  });

  for (const platform of ["linux", "darwin"] as const) {
    it(`knows the layout of ${platform}`, () => {
      assert.deepEqual(venvPaths("/Users/zoë/Library/Application Support/数学/env", platform), {
        python: "/Users/zoë/Library/Application Support/数学/env/bin/python",
        sidekick: "/Users/zoë/Library/Application Support/数学/env/bin/lean-sidekick",
      });
    });
  }
});
