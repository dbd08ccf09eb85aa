import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("the README shows this example as it is", () => {
  const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
  const shown = /```ts\n([^]*?)\n```/.exec(read("../../../README.md"))?.[1];
  expect(shown).toBe(read("main.ts").trimEnd());
});
