#!/bin/sh
# Installs a real VS Code for the browser tests: code-server and playwright-core into the folder named first.
#
#   sh install-code-server.sh FOLDER [VERSION]
#
# Needs Node 20 (EDITOR_NODE names another one: versions from 4.133.0 on want Node 24), npm and ripgrep; compiles
# nothing. code-server's own install script refuses some machines, so no install scripts run; the modules that would be compiled are replaced by the few lines that the tests need of them.
set -eu
folder=${1:?name the folder to install into}
version=${2:-4.100.3}
mkdir -p "$folder"
cd "$folder"
[ "$(cat installed 2>/dev/null)" != "$version" ] || exit 0
rm -f installed

export npm_config_audit=false npm_config_fund=false npm_config_loglevel=error npm_config_ignore_scripts=true
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --no-save "code-server@$version" playwright-core@1.65.1
workbench=$PWD/node_modules/code-server/lib/vscode
(cd "$workbench" && npm install --omit=dev)

# A module of one file in the place of one that would have to be compiled.
stand_in() { # folder, name; the code on standard input
  mkdir -p "$1"
  echo "{ \"name\": \"$2\", \"version\": \"0.0.0\", \"main\": \"stand-in.js\" }" > "$1/package.json"
  cat > "$1/stand-in.js"
}

# Passwords are not used by the tests.
[ -d node_modules/argon2/prebuilds ] || stand_in node_modules/argon2 argon2 <<'JS'
const refuse = () => Promise.reject(new Error("no passwords here"));
module.exports = { hash: refuse, verify: refuse };
JS

# Ends the extension host when the server has died.
for name in native-watchdog @vscode/native-watchdog; do
  [ ! -d "$workbench/node_modules/$name" ] || stand_in "$workbench/node_modules/$name" "$name" <<'JS'
exports.start = (pid) => {
  const look = () => { try { process.kill(pid, 0); } catch { process.exit(1); } };
  setInterval(look, 2000).unref();
};
JS
done

# Log files; without them a failure in the editor cannot be explained.
stand_in "$workbench/node_modules/@vscode/spdlog" @vscode/spdlog <<'JS'
const fs = require("fs");
const LEVELS = ["trace", "debug", "info", "warn", "error", "critical"];
class Logger {
  constructor(file) { this.file = file; this.level = 0; this.plain = false; }
  write(level, text) {
    if (level < this.level) return;
    const line = this.plain ? text : `${new Date().toISOString()} ${LEVELS[level]} ${text}\n`;
    try { fs.appendFileSync(this.file, line); } catch { /* The folder goes first at the end of a test. */ }
  }
  getLevel() { return this.level; }
  setLevel(level) { this.level = level; }
  clearFormatters() { this.plain = true; }
  setPattern() {}
  flush() {}
  drop() {}
}
LEVELS.forEach((name, level) => { Logger.prototype[name] = function (text) { this.write(level, text); }; });
const make = async (_name, file) => new Logger(file);
// One by one, because the editor imports them by name.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.createRotatingLogger = make;
exports.createAsyncRotatingLogger = make;
JS

# Older versions download ripgrep when they are installed; the machine's own does.
if [ -d "$workbench/node_modules/@vscode/ripgrep" ]; then
  mkdir -p "$workbench/node_modules/@vscode/ripgrep/bin"
  ln -sf "$(command -v rg)" "$workbench/node_modules/@vscode/ripgrep/bin/rg"
fi
ln -sfn node_modules "$workbench/node_modules.asar"
env HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" "${EDITOR_NODE:-node}" node_modules/code-server/out/node/entry.js --version
echo "$version" > installed
