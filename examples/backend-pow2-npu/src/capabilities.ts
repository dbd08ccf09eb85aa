import {
  attributeIs,
  biasPerChannel,
  isData,
  kernelAtMost,
  onlyFirstOutput,
  rank,
  type Capability,
  type CapabilityTable,
} from "@lowbit/backend-kit";
import { observed } from "lowbit";

/** int8 around zero, one scale per tensor, always a power of two: the device rescales by shifting. */
const codes = observed("int8", { symmetric: true, scales: "power-of-two" });

const activations = ["int8"] as const;
const weights = { dtypes: ["int8"], granularities: ["tensor"] } as const;
const result = { kind: "observed" } as const;
const shared = { kind: "shared" } as const;

/** What moves codes without changing them. */
const moving = ["Reshape", "Flatten", "Transpose"].map((op): Capability => ({ op, activations, result: shared }));

/** Everything the NPU runs on integers; what is not here, Softmax among it, stays float. */
export const capabilities: CapabilityTable = {
  activation: codes,
  weight: { ...codes, range: [-127, 127], granularity: "tensor" },
  ops: [
    {
      op: "Conv",
      activations,
      weights,
      bias: "int32",
      result,
      fuses: ["Relu"],
      constraints: [isData(1, "weight"), isData(2, "bias"), rank(0, 4, 4), kernelAtMost(7)],
    },
    {
      op: "Gemm",
      activations,
      weights,
      bias: "int32",
      result,
      fuses: ["Relu"],
      constraints: [
        isData(1, "weight"),
        isData(2, "bias"),
        biasPerChannel(2),
        attributeIs("alpha", 1, 1),
        attributeIs("beta", 1, 1),
        attributeIs("transA", 0, 0),
      ],
    },
    { op: "Add", activations, result, fuses: ["Relu"] },
    { op: "MaxPool", activations, result: shared, constraints: [onlyFirstOutput] },
    ...moving,
  ],
};
