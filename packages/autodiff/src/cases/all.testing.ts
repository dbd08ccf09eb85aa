import { algebraCases } from "./algebra.testing.ts";
import { convolutionCases } from "./convolution.testing.ts";
import { elementwiseCases } from "./elementwise.testing.ts";
import type { GradientCase } from "./gradient-case.testing.ts";
import { indexingCases } from "./indexing.testing.ts";
import { lossCases } from "./loss.testing.ts";
import { normalizationCases } from "./normalization.testing.ts";
import { poolingCases } from "./pooling.testing.ts";
import { resizeCases } from "./resize.testing.ts";
import { shapeCases } from "./shape.testing.ts";

/** The cases of all rules that finite differences can check. */
export const gradientCases: readonly GradientCase[] = [
  ...elementwiseCases,
  ...algebraCases,
  ...convolutionCases,
  ...poolingCases,
  ...lossCases,
  ...normalizationCases,
  ...resizeCases,
  ...shapeCases,
  ...indexingCases,
];
