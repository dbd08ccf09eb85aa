/**
 * Checks which workspace imports what (the rules are in import-rules.mjs), and that no files import each other in a circle.
 * Prints one line per violation; exits with 1 if any.
 */
import { readFileSync } from "node:fs";
import { parseSync } from "oxc-parser";
import { importCycles } from "./import-cycles.mjs";
import { layers, violations } from "./import-rules.mjs";
import { readManifest, sourceFiles, workspaceFolders } from "./workspaces.mjs";

const rootDevDependencies = Object.keys(readManifest(".").devDependencies ?? {});
/** @type {import("./import-rules.mjs").SourceFile[]} */
const files = [];
const found = workspaceFolders().flatMap((folder) => {
  const manifest = readManifest(folder);
  const workspace = {
    name: manifest.name,
    folder,
    dependencies: new Set(Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
    devDependencies: new Set([...Object.keys(manifest.devDependencies ?? {}), ...rootDevDependencies]),
  };
  const unknown = folder.startsWith("packages/") && !layers.includes(manifest.name);
  const own = sourceFiles(folder).map((path) => ({ path, imports: importsOf(path) }));
  files.push(...own);
  return [
    ...(unknown ? [`${folder}: "${manifest.name}" has no place in the layers of tools/import-rules.mjs`] : []),
    ...own.flatMap((file) => violations(workspace, file)),
  ];
});

found.push(...importCycles(files));
for (const violation of found) console.error(violation);
if (found.length > 0) process.exitCode = 1;

/** @param {string} path */
function importsOf(path) {
  const source = readFileSync(path, "utf8");
  const { module, errors } = parseSync(path, source);
  const fatal = errors.find((error) => error.severity === "Error");
  if (fatal !== undefined) throw new Error(`${path}: ${fatal.message}`);
  return [
    ...module.staticImports.map((entry) => entry.moduleRequest.value),
    ...module.staticExports.flatMap((entry) => entry.entries.flatMap((part) => part.moduleRequest?.value ?? [])),
    ...module.dynamicImports.flatMap((entry) => {
      // A computed specifier (a user's backend module) belongs to no package of ours.
      const literal = /^(["'])(.*)\1$/.exec(source.slice(entry.moduleRequest.start, entry.moduleRequest.end));
      return literal?.[2] ?? [];
    }),
  ];
}
