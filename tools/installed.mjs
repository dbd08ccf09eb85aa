/** Answers, from files alone, whether this clone can be used as it is. Imports only from Node itself: it runs before npm ci. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether a Node version satisfies a range of the form ">=MAJOR.MINOR.PATCH".
 *
 * @param {string} version
 * @param {string} range
 */
export function isSupportedNode(version, range) {
  const actual = version.split(".").map(Number);
  const least = range.replace(">=", "").split(".").map(Number);
  for (const [index, part] of least.entries()) {
    const own = actual[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/**
 * Whether node_modules holds exactly what the lockfile asks for.
 *
 * Compares contents, not times: git and npm both touch package-lock.json without changing what has to be installed. Optional packages
 * may be absent (they are the native binaries of other platforms).
 *
 * @param {string} root the folder of package-lock.json
 */
export function isInstalled(root) {
  const installedPath = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedPath)) return false;
  const wanted = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(installedPath);
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/")) return true;
    const found = installed[path];
    if (found === undefined) return entry.optional === true;
    return entry.link === true ? found.link === true : found.version === entry.version;
  });
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, link?: boolean, optional?: boolean }>}
 */
function packagesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}
