import fc from "fast-check";
import { expect, test } from "vitest";
import { diffText } from "./diff.ts";

test("a change shows with the lines around it", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"].join("\n");
  const after = before.replace("c", "C").replace("l\n", "l\nnew\n");
  expect(diffText(before, after, 2)).toMatchInlineSnapshot(`
    "@@ -1,5 +1,5 @@
     a
     b
    -c
    +C
     d
     e
    @@ -11,3 +11,4 @@
     k
     l
    +new
     m"
  `);
});

test("equal texts have no diff", () => {
  expect(diffText("a\nb", "a\nb")).toBe("");
});

test("a text against nothing is all additions", () => {
  expect(diffText("", "a\nb")).toBe("@@ -0,0 +1,2 @@\n+a\n+b");
});

test("a diff applied to the first text gives the second", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", "d", "}", ""), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, fc.nat(4), (before, after, context) => {
      const patched = applied(before.join("\n"), diffText(before.join("\n"), after.join("\n"), context));
      expect(patched.join("\n")).toBe(after.join("\n"));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test("a line added to 100,000 others is the only change", { timeout: 60_000 }, () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `x${i} = Relu (x${i - 1})`);
  const after = [...lines.slice(0, 50_000), "y = Relu (x)", ...lines.slice(50_000)];
  expect(diffText(lines.join("\n"), after.join("\n"), 0)).toBe("@@ -50000,0 +50001,1 @@\n+y = Relu (x)");
});

/** What `patch` does, by the positions in the hunk headers. */
function applied(before: string, diff: string): string[] {
  const source = before === "" ? [] : before.split("\n");
  const result: string[] = [];
  let at = 0;
  for (const line of diff === "" ? [] : diff.split("\n")) {
    const header = /^@@ -(\d+),(\d+) /.exec(line);
    if (header) {
      const start = Number(header[1]) - (header[2] === "0" ? 0 : 1);
      while (at < start) result.push(source[at++]!);
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      if (line.slice(1) !== source[at]) return ["the diff does not fit at line", String(at)];
      if (line.startsWith(" ")) result.push(source[at]!);
      at++;
    }
  }
  return [...result, ...source.slice(at)];
}
