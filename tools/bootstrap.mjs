/**
 * Makes a clone ready to run: checks Node, installs what the lockfile asks for, builds, and removes outputs of deleted files.
 *
 * `npm run demo` and `npm test` start with this file, so that they work in a fresh clone. It may import only from Node itself,
 * because it runs before node_modules exists. It is silent and takes under a second when there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isInstalled, isSupportedNode } from "./installed.mjs";
import { removeStaleOutputs } from "./stale-outputs.mjs";
import { workspaceFolders } from "./workspaces.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);

const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
if (!isSupportedNode(process.versions.node, engines.node)) {
  fail(
    `lowbit needs Node ${engines.node}, and this is Node ${process.versions.node}. Get a newer one from https://nodejs.org.`,
  );
}

if (!isInstalled(root)) {
  say("Installing dependencies (npm ci)");
  // Development and optional packages (native binaries) are needed whatever NODE_ENV or the user's npm settings say.
  if (!run("npm", ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"], "inherit").ok) {
    fail("npm ci failed; its message is above.");
  }
  say("Building");
}

const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
const build = run(process.execPath, [turbo, "run", "build", "--output-logs=errors-only", "--log-prefix=none"], "pipe");
if (!build.ok) fail(`${build.output}\nThe build failed; its messages are above.`);
for (const folder of workspaceFolders()) removeStaleOutputs(folder);

/**
 * @param {string} command
 * @param {string[]} args
 * @param {"inherit" | "pipe"} output
 */
function run(command, args, output) {
  const result = spawnSync(command, args, {
    stdio: ["ignore", output, output],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    // npm is a .cmd file on Windows, which only a shell can start; the arguments hold nothing that a shell would change.
    shell: process.platform === "win32" && command === "npm",
    env: {
      ...process.env,
      // For npm versions that run install scripts in spite of .npmrc settings: no CUDA download.
      ONNXRUNTIME_NODE_INSTALL: "skip",
      TURBO_TELEMETRY_DISABLED: "1",
      TURBO_NO_UPDATE_NOTIFIER: "1",
      TURBO_CACHE: "local:rw",
    },
  });
  if (result.error) fail(`cannot start ${command}: ${result.error.message}`);
  return { ok: result.status === 0, output: `${result.stdout ?? ""}${result.stderr ?? ""}` };
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  say(message);
  process.exit(1);
}
