/**
 * What the environment downloads, for the question that is asked before it does.
 *
 * Measured by an installation into an empty environment (Linux, Python 3.11: 8 wheels, 0.7 MB). The test
 * `firstRun.slow.test.ts` makes that installation again and fails when this page is no longer true.
 */
export const downloads = {
  packages: ["pygls", "lsprotocol", "attrs", "cattrs", "typing_extensions", "click", "platformdirs", "psutil"],
  megabytes: 1,
} as const;
