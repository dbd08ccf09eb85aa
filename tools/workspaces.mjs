/** Lists the workspaces of this repository and their files. Paths are relative to the repository root, which is the working folder. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Manifest the fields of package.json that the tools read
 * @property {string} name
 * @property {boolean} [private]
 * @property {string[]} [workspaces]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [peerDependencies]
 */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** The folders of all workspaces, in the order of the root manifest's patterns ("packages/*" or a plain folder). */
export function workspaceFolders() {
  const patterns = readManifest(".").workspaces ?? [];
  return patterns.flatMap((pattern) => {
    if (!pattern.endsWith("/*")) return isWorkspace(pattern) ? [pattern] : [];
    const parent = pattern.slice(0, -2);
    if (!existsSync(parent)) return [];
    return readdirSync(parent)
      .map((name) => `${parent}/${name}`)
      .filter(isWorkspace)
      .sort();
  });
}

/**
 * The TypeScript files under a workspace's `src`, with "/" between parts.
 *
 * @param {string} folder
 */
export function sourceFiles(folder) {
  const source = `${folder}/src`;
  if (!existsSync(source)) return [];
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((name) => `${source}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

/** @param {string} folder */
function isWorkspace(folder) {
  return existsSync(join(folder, "package.json"));
}
