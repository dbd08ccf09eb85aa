import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
const guide = readFileSync(fileURLToPath(new URL("../../../docs/guides/write-a-backend.md", import.meta.url)), "utf8");
const files = readdirSync(here).map((name) => readFileSync(`${here}${name}`, "utf8"));
const snippets = [...guide.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);

test("the guide shows code of this example", () => {
  expect(snippets.length).toBeGreaterThan(5);
});

test.each(snippets)("the guide shows this as it is:\n%s", (snippet) => {
  expect(files.some((file) => file.includes(snippet))).toBe(true);
});
