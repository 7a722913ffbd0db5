/**
 * What the environment downloads, for the question that is asked before it does.
 *
 * Measured by an installation into an empty environment (Linux, Python 3.11: 14 wheels, 1.6 MB). The test
 * `firstRun.test.ts` makes that installation again and fails when this page is no longer true.
 */
export const downloads = {
  packages: [
    "pygls",
    "lsprotocol",
    "leanclient",
    "orjson",
    "watchfiles",
    "anyio",
    "idna",
    "psutil",
    "tqdm",
    "attrs",
    "cattrs",
    "typing_extensions",
    "click",
    "platformdirs",
  ],
  megabytes: 2,
} as const;
