/**
 * Checks what npm would publish: publint on every public package, and that a tarball holds the built product and its source, no tests and
 * no output of a source file that is gone. Prints one line per finding; exits with 1 if there are any. Needs a build.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { tarballProblems } from "./tarball.mjs";
import { readManifest, workspaceFolders } from "./workspaces.mjs";

const folders = workspaceFolders().filter((folder) => readManifest(folder).private !== true);
const packed = packedFiles(folders);
/** @type {string[]} */
const found = [];
for (const folder of folders) {
  const manifest = readManifest(folder);
  const { messages } = await publint({ pkgDir: folder, strict: true, pack: false });
  for (const message of messages)
    found.push(`${folder}: ${formatMessage(message, manifest, { color: false }) ?? message.code}`);
  const problems = tarballProblems(packed.get(manifest.name) ?? [], (source) => existsSync(`${folder}/${source}`));
  for (const problem of problems) found.push(`${folder}: ${problem}`);
}

for (const finding of found) console.error(finding);
if (found.length > 0) process.exitCode = 1;

/**
 * The files of each package's tarball, by package name, as npm itself would choose them.
 *
 * @param {string[]} workspaces
 * @returns {Map<string, string[]>}
 */
function packedFiles(workspaces) {
  const selection = workspaces.flatMap((folder) => ["--workspace", folder]);
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", ...selection];
  const output = execFileSync("npm", args, {
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "ignore"],
  });
  /** @type {{ name: string, files: { path: string }[] }[]} */
  const tarballs = Object.values(JSON.parse(output));
  return new Map(tarballs.map((tarball) => [tarball.name, tarball.files.map((file) => file.path)]));
}
