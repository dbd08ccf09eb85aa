/**
 * The rules of who may import whom, as one pure function over a file's imports.
 *
 * - A package imports only packages that stand before it in `layers`, and only those it declares.
 * - Its tests may also import packages that it declares as devDependencies, and the test models.
 * - onnxruntime-node belongs to one package.
 * - Relative imports stay inside the package and name the file as it is on disk (`./graph.ts`).
 */
import { isBuiltin } from "node:module";
import { posix } from "node:path";

/** All published packages; each may import only from those before it. */
export const layers = [
  "@lowbit/onnx-proto",
  "@lowbit/ir",
  "@lowbit/reference",
  "@lowbit/rewrite",
  "@lowbit/runtime",
  "@lowbit/autodiff",
  "@lowbit/quantize",
  "@lowbit/train",
  "@lowbit/backend-kit",
  "@lowbit/backend-x86",
  "@lowbit/backend-arm",
  "@lowbit/report",
  "lowbit",
];

const testModels = "@lowbit/test-models";

/** External packages that only one workspace may import, because everyone else goes through that workspace. */
const reserved = new Map([["onnxruntime-node", "@lowbit/runtime"]]);

/**
 * @typedef {object} Workspace
 * @property {string} name
 * @property {string} folder relative to the repository, with "/" between parts
 * @property {ReadonlySet<string>} dependencies
 * @property {ReadonlySet<string>} devDependencies of the workspace and of the repository's root
 *
 * @typedef {object} SourceFile
 * @property {string} path relative to the repository, with "/" between parts
 * @property {readonly string[]} imports module specifiers, static and dynamic, type imports included
 */

/**
 * Whether a file is compiled and run with the tests only.
 *
 * @param {string} path
 */
export function isTestFile(path) {
  return /\.(test|testing)\.ts$/.test(path);
}

/**
 * The violations in one file, one sentence each; an empty list when there are none.
 *
 * @param {Workspace} workspace
 * @param {SourceFile} file
 * @returns {string[]}
 */
export function violations(workspace, file) {
  return file.imports.flatMap((specifier) => {
    const reason = objection(workspace, file, specifier);
    return reason === null ? [] : [`${file.path}: imports "${specifier}": ${reason}`];
  });
}

/**
 * @param {Workspace} workspace
 * @param {SourceFile} file
 * @param {string} specifier
 * @returns {string | null}
 */
function objection(workspace, file, specifier) {
  if (specifier.startsWith(".")) return relativeObjection(workspace, file, specifier);
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? null : `write "node:${specifier}"`;

  const name = packageName(specifier);
  const inTest = isTestFile(file.path);
  if (name === workspace.name) return "a package imports its own files by relative path";
  const owner = reserved.get(name);
  if (owner !== undefined && owner !== workspace.name) return `only ${owner} imports ${name}`;

  const isLayer = layers.includes(workspace.name);
  if (name === testModels && isLayer) return inTest ? null : "only tests import the test models";
  if (workspace.dependencies.has(name)) {
    const above = !isLayer || !layers.includes(name) || layers.indexOf(name) < layers.indexOf(workspace.name);
    return above ? null : `${name} stands below ${workspace.name}`;
  }
  if (!workspace.devDependencies.has(name)) return `${workspace.name} does not declare ${name}`;
  return inTest ? null : `${workspace.name} declares ${name} for its tests only`;
}

/**
 * @param {Workspace} workspace
 * @param {SourceFile} file
 * @param {string} specifier
 */
function relativeObjection(workspace, file, specifier) {
  const target = posix.join(posix.dirname(file.path), specifier);
  if (!target.startsWith(`${workspace.folder}/`)) return "a relative import stays inside its package";
  if (!/\.(ts|json)$/.test(target)) return "a relative import names the file with its extension";
  if (isTestFile(target) && !isTestFile(file.path)) return "the product does not import test code";
  return null;
}

/** @param {string} specifier */
function packageName(specifier) {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
