import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mnistFiles } from "@lowbit/test-models";
import { afterAll, expect, test } from "vitest";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const guide = readFileSync(path("../../../docs/guides/qat.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "lowbit-distill-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the example wins back without labels what rounding to 4 bits lost", () => {
  const output = execFileSync(process.execPath, [path("../dist/main.js")], { cwd: folder, encoding: "utf8" });
  const [float, ptq, qat] = [...output.matchAll(/: ([\d.]+) %/g)].map((match) => Number(match[1]));
  expect(float).toBeGreaterThan(94);
  expect(ptq).toBeLessThan(float! - 0.5);
  expect(qat).toBeGreaterThan(float! - 0.5);
}, 120_000);

const snippets = [...guide.matchAll(/```ts (\S+)\n([^]*?)```/g)].map(([, file, code]) => ({
  file: file!,
  code: code!,
}));

test.each(snippets)("the guide shows code of $file as it is", ({ file, code }) => {
  const source = readFileSync(path(`../../${file}`), "utf8");
  const lines = (text: string): string => text.replaceAll(/^ +/gm, "").trim();
  expect(lines(source)).toContain(lines(code));
});

const commands = [...guide.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, lines]) =>
  lines!.replaceAll("\\\n", " ").trim().split("\n"),
);

test.each(commands)(
  "the guide's command runs: %s",
  (command) => {
    const { train, test: held } = mnistFiles();
    const words = command
      .replace("train-images.idx,train-labels.idx", `${train.images},${train.labels}`)
      .replace("train-images.idx", train.images)
      .replace("test-images.idx,test-labels.idx", `${held.images},${held.labels}`)
      .split(/ +/);
    expect(words.slice(0, 2)).toEqual(["npx", "lowbit"]);
    const quick = words[2] === "train" ? ["--samples", "640"] : [];
    const output = words[words.indexOf("-o") + 1]!;
    const program = path("../../../packages/lowbit/bin/lowbit.js");
    execFileSync(process.execPath, [program, ...words.slice(2), ...quick, "--quiet"], { cwd: folder, stdio: "pipe" });
    expect(words.includes("-o") ? existsSync(join(folder, output)) : true).toBe(true);
  },
  60_000,
);

test("all code of the guide is run", () => {
  expect(guide.match(/```\w/g)).toHaveLength([...guide.matchAll(/```sh\n/g)].length + snippets.length);
  expect(commands.length).toBeGreaterThan(4);
});
