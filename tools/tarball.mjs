/** What may and must be in the tarball of a public package. */
import { isTestFile } from "./import-rules.mjs";
import { sourceOf } from "./stale-outputs.mjs";

/**
 * The problems of one tarball, one sentence each.
 *
 * @param {readonly string[]} files paths inside the package, with "/" between parts
 * @param {(path: string) => boolean} exists whether a path exists in the package's folder
 * @returns {string[]}
 */
export function tarballProblems(files, exists) {
  const required = ["package.json", "src/index.ts", "dist/index.js", "dist/index.d.ts"];
  return [
    ...required.filter((path) => !files.includes(path)).map((path) => `the tarball lacks ${path}`),
    ...files.flatMap((path) => {
      const source = sourceOf(path);
      if (isTestFile(source)) return [`${path} is test code and would be published`];
      if (path.endsWith(".tsbuildinfo")) return [`${path} is a build cache and would be published`];
      if (source !== path && !exists(source))
        return [`${path} was built from ${source}, which is gone: delete the dist folder`];
      return [];
    }),
  ];
}
