import { defineOp, float, int, ints, required, type Trait } from "./define-op.ts";
import { inferMultinomial, inferRandom, inferRandomLike } from "./infer-random.ts";

const traits: readonly Trait[] = ["random"];

/** Ops whose results differ from run to run unless seeded. */
export const randomOps = {
  RandomNormal: defineOp("RandomNormal", {
    since: 1,
    inputs: [],
    outputs: ["output"],
    attributes: { dtype: int(1), mean: float(0), scale: float(1), seed: float(), shape: required(ints()) },
    traits,
    infer: inferRandom,
  }),
  RandomUniform: defineOp("RandomUniform", {
    since: 1,
    inputs: [],
    outputs: ["output"],
    attributes: { dtype: int(1), high: float(1), low: float(0), seed: float(), shape: required(ints()) },
    traits,
    infer: inferRandom,
  }),
  RandomNormalLike: defineOp("RandomNormalLike", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: int(), mean: float(0), scale: float(1), seed: float() },
    traits,
    infer: inferRandomLike,
  }),
  RandomUniformLike: defineOp("RandomUniformLike", {
    since: 1,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: int(), high: float(1), low: float(0), seed: float() },
    traits,
    infer: inferRandomLike,
  }),
  Bernoulli: defineOp("Bernoulli", {
    since: 15,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: int(), seed: float() },
    traits,
    infer: inferRandomLike,
  }),
  Multinomial: defineOp("Multinomial", {
    since: 7,
    inputs: ["input"],
    outputs: ["output"],
    attributes: { dtype: int(6), sample_size: int(1), seed: float() },
    traits,
    infer: inferMultinomial,
  }),
};
