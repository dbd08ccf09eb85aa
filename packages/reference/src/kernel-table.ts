import type { OpName } from "@lowbit/ir";
import type { Kernel, NoKernel } from "./kernel.ts";
import { activationKernels } from "./kernels/activations.ts";
import { arithmeticKernels } from "./kernels/arithmetic.ts";
import { castKernels } from "./kernels/cast.ts";
import { constantKernels } from "./kernels/constants.ts";
import { controlFlowKernels } from "./kernels/control-flow.ts";
import { convolutionKernels } from "./kernels/convolution.ts";
import { einsumKernels } from "./kernels/einsum.ts";
import { fakeQuantizeKernels } from "./kernels/fake-quantize.ts";
import { gradientKernels } from "./kernels/gradients.ts";
import { joiningKernels } from "./kernels/joining.ts";
import { logicKernels } from "./kernels/logic.ts";
import { matMulKernels } from "./kernels/matmul.ts";
import { poolingKernels } from "./kernels/pooling.ts";
import { quantizeLinearKernels } from "./kernels/quantize-linear.ts";
import { reductionKernels } from "./kernels/reductions.ts";
import { shapeKernels } from "./kernels/shape.ts";
import { softmaxKernels } from "./kernels/softmax.ts";
import { unaryMathKernels } from "./kernels/unary-math.ts";

/** Ops of the ONNX domain. */
const onnxKernels = {
  ...activationKernels,
  ...arithmeticKernels,
  ...castKernels,
  ...constantKernels,
  ...controlFlowKernels,
  ...convolutionKernels,
  ...einsumKernels,
  ...joiningKernels,
  ...logicKernels,
  ...matMulKernels,
  ...poolingKernels,
  ...quantizeLinearKernels,
  ...reductionKernels,
  ...shapeKernels,
  ...softmaxKernels,
  ...unaryMathKernels,
};

/** Ops that exist between passes only. */
const lowbitKernels = {
  ...fakeQuantizeKernels,
  ...gradientKernels,
};

/** Every op of the registry must be here, with a kernel or with a reason why it has none: a missing one does not compile. */
({ ...onnxKernels, ...lowbitKernels }) satisfies { readonly [N in OpName]?: Kernel | NoKernel };

const byDomain: Readonly<Record<string, Readonly<Record<string, Kernel | NoKernel>>>> = {
  "": onnxKernels,
  lowbit: lowbitKernels,
};

/** What the interpreter has for an op; null for ops it does not know. */
export function kernelOf(op: string, domain = ""): Kernel | NoKernel | null {
  const kernels = Object.hasOwn(byDomain, domain) ? byDomain[domain]! : {};
  return Object.hasOwn(kernels, op) ? kernels[op]! : null;
}

/** Whether the interpreter can run an op. */
export function hasKernel(op: string, domain = ""): boolean {
  return typeof kernelOf(op, domain) === "function";
}
