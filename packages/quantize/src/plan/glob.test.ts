import fc from "fast-check";
import { expect, test } from "vitest";
import { globDistance, globMatcher } from "./glob.ts";

test.each([
  ["layer3.*", "layer3.0.conv1.weight", 0],
  ["layre3.*", "layer3.0.conv1.weight", 2],
  ["layer3", "layer3.weight", 7],
  ["*.bn1.*", "layer3.conv1.weight", 3],
  ["fc?", "fc", 1],
  ["?.w", "a.b", 1],
  ["*", "", 0],
  ["", "abc", 3],
])("the distance of %s to %s is %i", (pattern, name, distance) => {
  expect(globDistance(pattern, name)).toBe(distance);
});

const word = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "."), maxLength: 8 });

test("the distance is 0 for what a pattern matches, and for nothing else", () => {
  fc.assert(
    fc.property(word, word, (pattern, name) => {
      expect(globDistance(pattern, name) === 0).toBe(globMatcher(pattern)(name));
    }),
    { numRuns: 2000, seed: 4 },
  );
});
