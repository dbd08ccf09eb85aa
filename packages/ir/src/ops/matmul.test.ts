import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["MatMul", ["float[2,3]", "float[3,4]"], {}, "float[2,4]"],
  ["MatMul", ["float[N,L,3]", "float[3,4]"], {}, "float[N,L,4]"],
  ["MatMul", ["float[N,8,L,16]", "float[N,8,16,L]"], {}, "float[N,8,L,L]"],
  ["MatMul", ["float[5,1,2,3]", "float[7,3,4]"], {}, "float[5,7,2,4]"],
  ["MatMul", ["float[3]", "float[3,4]"], {}, "float[4]"],
  ["MatMul", ["float[2,3]", "float[3]"], {}, "float[2]"],
  ["MatMul", ["float[3]", "float[3]"], {}, "float"],
  ["MatMul", ["float[3]", "float[B,3,4]"], {}, "float[B,4]"],
  ["MatMul", ["float[]", "float[3,4]"], {}, "float[]"],
  ["Gemm", ["float[N,3]", "float[3,4]", "float[4]"], {}, "float[N,4]"],
  ["Gemm", ["float[N,3]", "float[4,3]"], { transB: 1 }, "float[N,4]"],
  ["Gemm", ["float[3,N]", "float[4,3]", "float"], { transA: 1, transB: 1 }, "float[N,4]"],
  ["Einsum", ["float[2,3]", "float[3,4]"], { equation: "ij,jk->ik" }, "float[2,4]"],
  ["Einsum", ["float[B,2,3]", "float[B,3,4]"], { equation: "bij, bjk -> bik" }, "float[B,2,4]"],
  ["Einsum", ["float[2,3]"], { equation: "ij->ji" }, "float[3,2]"],
  ["Einsum", ["float[3,2]"], { equation: "ba" }, "float[2,3]"],
  ["Einsum", ["float[3,3]"], { equation: "ii" }, "float"],
  ["Einsum", ["float[5,N,3,3]"], { equation: "...ii->...i" }, "float[5,N,3]"],
  ["Einsum", ["float[5,1,2,3]", "float[7,3,4]"], { equation: "...ij,...jk->...ik" }, "float[5,7,2,4]"],
  ["MatMulInteger", ["uint8[2,3]", "int8[3,4]"], {}, "int32[2,4]"],
  ["QLinearMatMul", ["uint8[N,3]", "float", "uint8", "int8[3,4]", "float", "int8", "float", "uint8"], {}, "uint8[N,4]"],
  ["com.microsoft:FusedMatMul", ["float[3,2]", "float[4,3]"], { transA: 1, transB: 1, alpha: 0.5 }, "float[2,4]"],
  [
    "com.microsoft:FusedMatMul",
    ["float[5,7,2]", "float[4,7,2]"],
    { transBatchA: 1, transBatchB: 1, transB: 1 },
    "float[7,5,4]",
  ],
  [
    "com.microsoft:QGemm",
    ["uint8[N,3]", "float", "uint8", "int8[4,3]", "float[4]", "int8[4]", "int32[4]"],
    { transB: 1 },
    "float[N,4]",
  ],
  [
    "com.microsoft:QGemm",
    ["uint8[N,3]", "float", "uint8", "int8[3,4]", "float", "int8", null, "float", "uint8"],
    {},
    "uint8[N,4]",
  ],
  ["com.microsoft:MatMulIntegerToFloat", ["uint8[N,3]", "int8[3,4]", "float", "float[4]"], {}, "float[N,4]"],
  ["com.microsoft:DynamicQuantizeMatMul", ["float[N,3]", "int8[3,4]", "float[4]"], {}, "float[N,4]"],
  [
    "com.microsoft:MatMulNBits",
    ["float[B,L,64]", "uint8[32,2,16]", "float[64]"],
    { K: 64, N: 32, bits: 4, block_size: 32 },
    "float[B,L,32]",
  ],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("products that cannot be name the op and both values", () => {
  expect([
    objection("MatMul", ["float[2,3]", "float[4,5]"]),
    objection("MatMul", ["float[2,2,3]", "float[3,3,5]"]),
    objection("MatMul", ["float", "float[3,5]"]),
    objection("MatMul", ["float[2,3]", "int8[3,5]"]),
    objection("Gemm", ["float[2,3]", "float[4,5]"]),
    objection("Gemm", ["float[1,2,3]", "float[3,5]"]),
    objection("Gemm", ["float[2,3]", "float[3,5]", "float[3]"]),
    objection("Einsum", ["float[2,3]", "float[4,5]"], { equation: "ij,jk->ik" }),
    objection("Einsum", ["float[2,3]"], { equation: "ij,jk->ik" }),
    objection("Einsum", ["float[2,3]"], { equation: "ijk->ik" }),
    objection("Einsum", ["float[2,3]"], { equation: "ij->ik" }),
    objection("com.microsoft:MatMulNBits", ["float[2,3]", "uint8[32,2,16]", "float[64]"], {
      K: 64,
      N: 32,
      block_size: 32,
    }),
  ]).toMatchInlineSnapshot(`
    [
      "MatMul "n": operands [2,3] and [4,5] must agree: 3 columns, 4 rows",
      "MatMul "n": shapes [2] and [3] cannot be broadcast: 2 and 3",
      "MatMul "n": operands [] and [3,5] must not be scalars",
      "MatMul "n": operands must have one element type, but have float and int8",
      "Gemm "n": columns of A (3) must equal rows of B (4)",
      "Gemm "n": A must have rank 2, but has 3",
      "Gemm "n": C of shape [3] does not broadcast to [2,5]",
      "Einsum "n": the label j stands for 3 and for 4",
      "Einsum "n": the equation has 2 terms, but there are 1 operands",
      "Einsum "n": the term "ijk" names 3 axes, but its operand has 2",
      "Einsum "n": the result's label k is in no operand",
      "MatMulNBits "n": columns of A (3) must equal K (64)",
    ]
  `);
});
