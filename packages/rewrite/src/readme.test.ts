import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { any, constant, op, Reject, rule, rulePass } from "./index.ts";
import { checkPass, rejections } from "./pass/check-pass.testing.ts";

/** Relu(Clip(x, low, high))  →  Clip(x, low, high), where low ≥ 0. One node less. */
const reluOfClip = rule({
  name: "relu-of-clip",
  pattern: op("Relu", [op("Clip", [any("x"), constant("low"), any("high")], { as: "clip" })]),
  rewrite({ x, low, high, clip }, { like }) {
    if (low.constant.item() < 0) return new Reject("lets negative numbers pass", low);
    return like(clip, [x, low, high]);
  },
});

export const dropReluOfClip = rulePass({
  name: "relu-of-clip",
  summary: "Drops Relu after a Clip that has its lower bound.",
  rules: [reluOfClip],
});

test("the example of the README works, and is the one above", () => {
  const text = (low: number): string => `g (float[4] x) => (float[4] y) <float low = {${low}}, float high = {6}> {
    t = Clip(x, low, high)
    y = Relu(t)
  }`;
  expect(checkPass(dropReluOfClip, text(0))).toMatch("y = Clip (x, low, high)");
  expect(rejections(dropReluOfClip, text(-1))).toBe("relu-of-clip: not at y: lets negative numbers pass (low)");
  const here = readFileSync(fileURLToPath(import.meta.url), "utf8");
  const readme = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");
  const example = readme.split("```")[1]!.split("\n\n").slice(1).join("\n\n").trim();
  expect(example).toBe(here.slice(here.indexOf("/** Relu"), here.indexOf("\n\ntest(")));
});
