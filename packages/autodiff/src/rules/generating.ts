import { noGradient, zeroGradient, type GradientTable } from "../gradient-rule.ts";

const sampling = noGradient("a random choice does not change smoothly with its probabilities");
const setting = noGradient("the operands it reads are settings, not data");

/** Rules of ops that make tensors out of sizes, settings or chance. */
export const generatingGradients = {
  Constant: zeroGradient,
  ConstantOfShape: zeroGradient,
  EyeLike: zeroGradient,
  RandomNormal: zeroGradient,
  RandomUniform: zeroGradient,
  RandomNormalLike: zeroGradient,
  RandomUniformLike: zeroGradient,
  NonZero: zeroGradient,
  NonMaxSuppression: zeroGradient,
  Range: setting,
  BlackmanWindow: setting,
  HammingWindow: setting,
  HannWindow: setting,
  MelWeightMatrix: setting,
  OneHot: noGradient("its off and on values are settings; write Where over a OneHot of 0 and 1"),
  Bernoulli: sampling,
  Multinomial: sampling,
  Unique: noGradient("how many elements it keeps changes with their values"),
} satisfies Partial<GradientTable>;
