import { newModel, parseGraph, type Graph } from "@lowbit/ir";
import { expect, test } from "vitest";
import { correctionsBeside } from "./corrections.ts";

const product = (inputs: number): Graph =>
  newModel(parseGraph(`g (float[N,${inputs}] x) => (float[N,4] y) <float[${inputs},4] w> { y = MatMul (x, w) }`)).graph;

test("biases are corrected first, then weights refitted", () => {
  expect(correctionsBeside(product(8), [])).toEqual([["bias-correction"], ["refit"]]);
});

test("what was asked for stays, and is no correction by itself", () => {
  expect(correctionsBeside(product(8), ["bias-correction", "equalize"])).toEqual([
    ["equalize", "refit", "bias-correction"],
  ]);
});

test("weights are not rounded twice, nor refitted where that would take minutes for each plan", () => {
  expect(correctionsBeside(product(8), ["gptq"])).toEqual([["gptq", "bias-correction"]]);
  expect(correctionsBeside(product(1153), [])).toEqual([["bias-correction"]]);
});
