/**
 * Process variables for our own environment.
 *
 * A PYTHONPATH or PYTHONHOME that the user set for other work would mix foreign packages into it, and a pip
 * configured to install elsewhere (`user`, `target`, `prefix`) would miss it. Where pip downloads from (index, proxy,
 * certificates) stays as the user configured it. Progress bars are for terminals, and ours ends in a log.
 */
export function cleanEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !DROPPED.has(name.toUpperCase()));
  return {
    ...Object.fromEntries(kept),
    PYTHONNOUSERSITE: "1",
    PYTHONUTF8: "1",
    PIP_USER: "0",
    PIP_PROGRESS_BAR: "off",
  };
}

const DROPPED = new Set(["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"]);
