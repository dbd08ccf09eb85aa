import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const lstm = ["float[L,N,10]", "float[1,80,10]", "float[1,80,20]"];
const normalized = ["float[N,3,8,8]", "float[3]", "float[3]", "float[3]", "float[3]"];
const rows: readonly Row[] = [
  ["BatchNormalization", normalized, {}, "float[N,3,8,8]"],
  ["InstanceNormalization", normalized.slice(0, 3), {}, "float[N,3,8,8]"],
  ["GroupNormalization", normalized.slice(0, 3), { num_groups: 3 }, "float[N,3,8,8]"],
  ["LayerNormalization", ["float[N,L,64]", "float[64]", "float[64]"], {}, "float[N,L,64]"],
  ["RMSNormalization", ["float[N,L,64]", "float[64]"], {}, "float[N,L,64]"],
  ["LRN", ["float[N,3,8,8]"], { size: 3 }, "float[N,3,8,8]"],
  ["Dropout", ["float[N,3]"], {}, "float[N,3]"],
  ["NegativeLogLikelihoodLoss", ["float[N,10]", "int64[N]"], {}, "float"],
  ["NegativeLogLikelihoodLoss", ["float[N,10,4]", "int64[N,4]"], { reduction: "none" }, "float[N,4]"],
  ["SoftmaxCrossEntropyLoss", ["float[N,10]", "int64[N]"], {}, "float"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("optional results have types when they are asked for", () => {
  expect([
    inferredTypes("BatchNormalization", normalized, { training_mode: 1 }, 3),
    inferredTypes("LayerNormalization", ["float16[N,L,64]", "float16[64]"], {}, 3),
    inferredTypes("Dropout", ["float[N,3]"], {}, 2),
    inferredTypes("SoftmaxCrossEntropyLoss", ["float[N,10]", "int64[N]"], {}, 2),
    inferredTypes("LSTM", lstm, { hidden_size: 20 }, 3),
    inferredTypes(
      "GRU",
      ["float[N,L,10]", "float[2,60,10]", "float[2,60,20]"],
      { direction: "bidirectional", layout: 1 },
      2,
    ),
    inferredTypes(
      "ai.onnx.preview.training:Momentum",
      ["float", "int64", "float[3]", "float[4]", "float[3]", "float[4]", "float[3]", "float[4]"],
      {},
      4,
    ),
    inferredTypes(
      "Attention",
      ["float[N,L,64]", "float[N,S,64]", "float[N,S,64]"],
      { q_num_heads: 4, kv_num_heads: 4 },
      3,
    ),
  ]).toMatchInlineSnapshot(`
    [
      "float[N,3,8,8] float[3] float[3]",
      "float16[N,L,64] float[N,L,1] float[N,L,1]",
      "float[N,3] bool[N,3]",
      "float float[N,10]",
      "float[L,1,N,20] float[1,N,20] float[1,N,20]",
      "float[N,L,2,20] float[N,2,20]",
      "float[3] float[4] float[3] float[4]",
      "float[N,L,64] float[N,4,S,16] float[N,4,S,16]",
    ]
  `);
});

test("layers that cannot be name the op and both values", () => {
  expect([
    objection("BatchNormalization", normalized.with(1, "float[4]")),
    objection("BatchNormalization", normalized.with(4, "float[1,3]")),
    objection("LayerNormalization", ["float[N,L,64]", "float[32]"]),
    objection("LSTM", lstm.with(1, "float[1,80,11]"), {}, 1),
    objection("LSTM", lstm, { direction: "bidirectional" }, 1),
    objection("LSTM", lstm, { hidden_size: 30 }, 1),
    objection("NegativeLogLikelihoodLoss", ["float[5,10]", "int64[4]"]),
  ]).toMatchInlineSnapshot(`
    [
      "BatchNormalization "n": channels (3) must equal length of operand 1 (4)",
      "BatchNormalization "n": operand 4 [1,3] must have rank 1",
      "LayerNormalization "n": Scale of shape [32] does not broadcast to [64]",
      "LSTM "n": input size of X (10) must equal input size of W (11)",
      "LSTM "n": directions of W (1) must equal directions of the attribute (2)",
      "LSTM "n": hidden size of R (20) must equal hidden_size (30)",
      "NegativeLogLikelihoodLoss "n": labels [4] must be scores [5,10] without the class axis",
    ]
  `);
});
