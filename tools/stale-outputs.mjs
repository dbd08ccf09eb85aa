/**
 * Which outputs of the compiler are of a source file that is gone. Neither tsc nor turbo removes these, and turbo's cache even
 * brings them back; a package would publish them. Imports nothing but Node, since it runs before anything is installed.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";

/**
 * The source file that an output of the compiler comes from; any other path is its own source.
 *
 * @param {string} path inside a workspace, with "/" between parts
 */
export function sourceOf(path) {
  const match = /^dist\/(.*)\.(js|d\.ts)(\.map)?$/.exec(path);
  return match === null ? path : `src/${match[1]}.ts`;
}

/**
 * Removes the outputs of a workspace whose source is gone.
 *
 * @param {string} folder of the workspace
 * @returns {string[]} what was removed, inside the workspace
 */
export function removeStaleOutputs(folder) {
  if (!existsSync(`${folder}/dist`)) return [];
  const stale = readdirSync(`${folder}/dist`, { recursive: true, encoding: "utf8" })
    .map((name) => `dist/${name.replaceAll("\\", "/")}`)
    .filter((path) => sourceOf(path) !== path && !existsSync(`${folder}/${sourceOf(path)}`))
    .sort();
  for (const path of stale) rmSync(`${folder}/${path}`);
  return stale;
}
