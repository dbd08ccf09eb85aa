import { noGradient, type GradientTable } from "../gradient-rule.ts";

/** Rules of ops that resample images. */
export const resamplingGradients = {
  Resize: noGradient("not yet"),
  GridSample: noGradient("ONNX has no op for its gradient"),
  AffineGrid: noGradient("the grids it makes are read by GridSample, which has none"),
  Col2Im: noGradient("ONNX has no op that cuts an image into columns"),
} satisfies Partial<GradientTable>;
