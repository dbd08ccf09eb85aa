import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isInstalled, isSupportedNode } from "./installed.mjs";

test.each([
  ["20.19.0", true],
  ["20.20.2", true],
  ["22.0.0", true],
  ["20.18.9", false],
  ["18.20.0", false],
])("Node %s is supported: %s", (version, expected) => {
  expect(isSupportedNode(version, ">=20.19.0")).toBe(expected);
});

const locked = {
  "": {},
  "packages/ir": { version: "0.1.0" },
  "node_modules/@lowbit/ir": { link: true },
  "node_modules/vitest": { version: "4.1.12" },
  "node_modules/native-on-another-platform": { version: "1.0.0", optional: true },
};
const complete = { "node_modules/@lowbit/ir": { link: true }, "node_modules/vitest": { version: "4.1.12" } };

test("an installation that matches the lockfile is used as it is", () => {
  expect(isInstalled(cloneWith(complete))).toBe(true);
});

test("a clone without node_modules is not installed", () => {
  expect(isInstalled(cloneWith(null))).toBe(false);
});

test("a package of another version, a missing package and a missing workspace link each need an installation", () => {
  const { "node_modules/@lowbit/ir": link, "node_modules/vitest": vitest } = complete;
  const broken = [
    { "node_modules/@lowbit/ir": link, "node_modules/vitest": { version: "4.1.11" } },
    { "node_modules/@lowbit/ir": link },
    { "node_modules/vitest": vitest },
  ];
  expect(broken.map((installed) => isInstalled(cloneWith(installed)))).toEqual([false, false, false]);
});

/** A folder with a lockfile and, unless null, the record npm keeps of what it installed. */
function cloneWith(installed: object | null): string {
  const root = mkdtempSync(join(tmpdir(), "lowbit-clone-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: locked }));
  if (installed !== null) {
    mkdirSync(join(root, "node_modules"));
    writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages: installed }));
  }
  return root;
}
