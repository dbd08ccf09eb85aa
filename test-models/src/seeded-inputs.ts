import { isFloat, seeded, Tensor, type DType, type Model, type Value } from "@lowbit/ir";

/** Sizes of image axes that a model leaves open; other open axes have one element. */
const openImageSize = 32;

/** Made-up inputs for any model; the same index gives the same numbers. */
export function seededInputs({ graph }: Model, index: number): Record<string, Tensor> {
  return inputsBy(graph.inputs, (name, dtype, dims) => seeded(`${name}${index}`, dtype, dims));
}

/** Inputs far outside what `seededInputs` gives, which saturate codes at both ends by turns of three. */
export function extremeInputs({ graph }: Model): Record<string, Tensor> {
  return inputsBy(graph.inputs, (name, dtype, dims) => {
    if (!isFloat(dtype)) return seeded(name, dtype, dims);
    const size = dims.reduce((product, dim) => product * dim, 1);
    const elements = Float32Array.from({ length: size }, (_, i) => (i % 6 < 3 ? 10 : -10));
    return Tensor.of(dtype, elements, dims);
  });
}

/** Old files list initializers among the inputs too. */
function inputsBy(
  inputs: readonly Value[],
  make: (name: string, dtype: DType, dims: readonly number[]) => Tensor,
): Record<string, Tensor> {
  const fed = inputs.filter((value) => !value.initializer);
  return Object.fromEntries(fed.map((value) => [value.name, make(value.name, value.dtype!, dimsOf(value))]));
}

function dimsOf({ shape }: Value): readonly number[] {
  return (shape ?? []).map((dim, axis) =>
    typeof dim === "number" ? dim : axis >= 2 && shape?.length === 4 ? openImageSize : 1,
  );
}
