/**
 * What the environment downloads, for the question that is asked before it does.
 *
 * Measured by an installation into an empty environment (Linux, Python 3.11: 9 wheels, 17.7 MB, nearly all of it numpy). The test
 * `firstRun.slow.test.ts` makes that installation again and fails when this page is no longer true.
 */
export const downloads = {
  packages: ["pygls", "lsprotocol", "attrs", "cattrs", "typing_extensions", "click", "numpy", "platformdirs", "psutil"],
  megabytes: 18,
} as const;
