import { Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { compareNode, sampler, type NodeCase } from "./against-runtime.testing.ts";

const scale = (value: number): Tensor => Tensor.scalar("float", value);
const u8 = (value: number): Tensor => Tensor.scalar("uint8", value);
const s8 = (value: number): Tensor => Tensor.scalar("int8", value);
const microsoft = "com.microsoft";

/** The number of codes in which the interpreter and ONNX Runtime differ, with the number compared. */
async function differences(each: NodeCase, constants: readonly number[] = []): Promise<string> {
  const { expected, actual } = await compareNode(each, constants);
  let differing = 0;
  let compared = 0;
  for (const [i, tensor] of expected.entries()) {
    const [theirs, ours] = [tensor.numbers(), actual[i]!.numbers()];
    expect(actual[i]!.type).toEqual(tensor.type);
    for (const [k, code] of theirs.entries()) if (code !== ours[k]) differing++;
    compared += theirs.length;
  }
  return `${differing} of ${compared}`;
}

describe("integer ops give ONNX Runtime's codes bit for bit", () => {
  test("QLinearConv per channel, padded, strided, with bias", async () => {
    const draw = sampler(1);
    const conv: NodeCase = {
      op: "QLinearConv",
      inputs: [
        draw.integers("uint8", [2, 6, 11, 9], 0, 255),
        scale(0.02),
        u8(121),
        draw.integers("int8", [8, 6, 3, 3], -63, 63),
        draw.floats([8], 0.001, 0.02),
        Tensor.of(
          "int8",
          Array.from({ length: 8 }, () => 0),
        ),
        scale(0.11),
        u8(30),
        draw.integers("int32", [8], -4000, 4000),
      ],
      attributes: { pads: [1, 0, 2, 1], strides: [2, 1] },
    };
    expect(await differences(conv, [3, 4, 5, 8])).toBe("0 of 768");
  });

  test("QLinearConv depthwise and dilated, with int8 activations", async () => {
    const draw = sampler(2);
    const conv: NodeCase = {
      op: "QLinearConv",
      inputs: [
        draw.integers("int8", [1, 16, 10, 10], -128, 127),
        scale(0.03),
        s8(-7),
        draw.integers("int8", [16, 1, 3, 3], -127, 127),
        scale(0.004),
        s8(0),
        scale(0.02),
        s8(5),
      ],
      attributes: { group: 16, dilations: [2, 2], pads: [2, 2, 2, 2] },
    };
    expect(await differences(conv, [3, 4, 5])).toBe("0 of 1600");
  });

  test("QLinearMatMul, per tensor and per column", async () => {
    const draw = sampler(3);
    const matMul = (b: Tensor, zero: Tensor): NodeCase => ({
      op: "QLinearMatMul",
      inputs: [
        draw.integers("uint8", [2, 5, 33], 0, 255),
        scale(0.017),
        u8(99),
        draw.integers("int8", [33, 7], -64, 63),
        b,
        zero,
        scale(0.3),
        u8(128),
      ],
    });
    expect(await differences(matMul(scale(0.021), s8(3)), [3, 4, 5])).toBe("0 of 70");
    expect(
      await differences(matMul(draw.floats([7], 0.001, 0.04), Tensor.of("int8", [0, 0, 0, 0, 0, 0, 0])), [3, 4, 5]),
    ).toBe("0 of 70");
  });

  test("MatMulInteger and ConvInteger with zero points", async () => {
    const draw = sampler(4);
    const matMul: NodeCase = {
      op: "MatMulInteger",
      inputs: [
        draw.integers("uint8", [4, 50], 0, 255),
        draw.integers("int8", [50, 6], -64, 63),
        u8(17),
        Tensor.of("int8", [1, -2, 3, -4, 5, -6]),
      ],
    };
    expect(await differences(matMul)).toBe("0 of 24");
    const conv: NodeCase = {
      op: "ConvInteger",
      inputs: [
        draw.integers("uint8", [1, 2, 6, 6], 0, 255),
        draw.integers("uint8", [3, 2, 3, 3], 0, 255),
        u8(131),
        u8(90),
      ],
    };
    expect(await differences(conv)).toBe("0 of 48");
  });

  test("QGemm with bias, to codes and to float", async () => {
    const draw = sampler(5);
    const operands = [
      draw.integers("uint8", [6, 40], 0, 255),
      scale(0.013),
      u8(140),
      draw.integers("int8", [9, 40], -63, 63),
      draw.floats([9], 0.002, 0.02),
      Tensor.of(
        "int8",
        Array.from({ length: 9 }, () => 0),
      ),
      draw.integers("int32", [9], -9000, 9000),
    ];
    const attributes = { transB: 1, alpha: 1 };
    expect(
      await differences(
        { op: "QGemm", domain: microsoft, inputs: [...operands, scale(0.07), u8(64)], attributes },
        [3, 4, 5, 6],
      ),
    ).toBe("0 of 54");
    expect(await differences({ op: "QGemm", domain: microsoft, inputs: operands, attributes }, [3, 4, 5, 6])).toBe(
      "0 of 54",
    );
  });

  test("QLinearAdd and QLinearMul on all pairs of codes", async () => {
    const all = Tensor.of(
      "uint8",
      Array.from({ length: 256 }, (_, i) => i),
      [256, 1],
    );
    const row = all.reshape([1, 256]);
    for (const [a, b, y] of [
      [0.021, 0.013, 0.034],
      [0.5, 0.003, 0.27],
      [0.0071, 0.0119, 0.0093],
    ] as const) {
      for (const op of ["QLinearAdd", "QLinearMul"]) {
        const inputs = [
          all,
          scale(a),
          u8(103),
          row,
          scale(b),
          u8(140),
          scale(op === "QLinearMul" ? a * b * 90 : y),
          u8(117),
        ];
        expect([op, await differences({ op, domain: microsoft, inputs })]).toEqual([op, "0 of 65536"]);
      }
    }
  });

  test("QLinearSigmoid and QLinearLeakyRelu on all codes", async () => {
    const all = Tensor.of(
      "int8",
      Array.from({ length: 256 }, (_, i) => i - 128),
    );
    for (const op of ["QLinearSigmoid", "QLinearLeakyRelu"]) {
      const y = op === "QLinearSigmoid" ? [scale(1 / 256), s8(-128)] : [scale(0.05), s8(-3)];
      const each: NodeCase = {
        op,
        domain: microsoft,
        inputs: [all, scale(0.047), s8(11), ...y],
        ...(op === "QLinearSigmoid" ? {} : { attributes: { alpha: 0.1 } }),
      };
      expect([op, await differences(each, [1, 2, 3, 4])]).toEqual([op, "0 of 256"]);
    }
  });

  test("QLinearSoftmax", async () => {
    const draw = sampler(6);
    const each: NodeCase = {
      op: "QLinearSoftmax",
      domain: microsoft,
      inputs: [draw.integers("uint8", [16, 37], 0, 255), scale(0.08), u8(90), scale(1 / 256), u8(0)],
      attributes: { axis: -1, opset: 13 },
    };
    expect(await differences(each, [1, 2, 3, 4])).toBe("0 of 592");
  });

  test("QLinearConcat", async () => {
    const draw = sampler(7);
    const part = (s: number, z: number): Tensor[] => [draw.integers("uint8", [2, 40, 3], 0, 255), scale(s), u8(z)];
    const each: NodeCase = {
      op: "QLinearConcat",
      domain: microsoft,
      inputs: [scale(0.05), u8(100), ...part(0.03, 7), ...part(0.05, 100), ...part(0.11, 200)],
      attributes: { axis: 1 },
    };
    expect(await differences(each, [0, 1, 3, 4, 6, 7, 9, 10])).toBe("0 of 720");
  });

  test("QLinearAveragePool and QLinearGlobalAveragePool", async () => {
    const draw = sampler(8);
    const x = draw.integers("uint8", [2, 5, 9, 7], 0, 255);
    const parameters = [scale(0.031), u8(77), scale(0.027), u8(101)];
    const attributes = { kernel_shape: [3, 2], pads: [1, 0, 1, 1], strides: [2, 1] };
    expect(
      await differences(
        { op: "QLinearAveragePool", domain: microsoft, inputs: [x, ...parameters], attributes },
        [1, 2, 3, 4],
      ),
    ).toBe("0 of 350");
    expect(
      await differences(
        { op: "QLinearGlobalAveragePool", domain: microsoft, inputs: [x, ...parameters] },
        [1, 2, 3, 4],
      ),
    ).toBe("0 of 10");
  });

  test("QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear, per tensor, per axis and blocked", async () => {
    const draw = sampler(9);
    const x = draw.floats([6, 35], -3, 3);
    const zeros = Tensor.of("int8", [-5, 0, 5, 9, -100, 127]);
    expect(await differences({ op: "QuantizeLinear", inputs: [x, scale(0.0123), u8(111)] })).toBe("0 of 210");
    expect(
      await differences({
        op: "QuantizeLinear",
        inputs: [x, draw.floats([6], 0.001, 0.03), zeros],
        attributes: { axis: 0 },
      }),
    ).toBe("0 of 210");
    expect(await differences({ op: "DynamicQuantizeLinear", inputs: [x], outputs: 3 })).toBe("0 of 212");
    const codes = draw.integers("int8", [6, 35], -128, 127);
    const blocks: NodeCase = {
      op: "DequantizeLinear",
      inputs: [codes, draw.floats([6, 3], 0.001, 0.1), draw.integers("int8", [6, 3], -9, 9)],
      attributes: { axis: 1, block_size: 12 },
    };
    expect(await differences(blocks)).toBe("0 of 210");
    expect(
      await differences({
        op: "DequantizeLinear",
        inputs: [draw.integers("int32", [64], -(2 ** 31), 2 ** 31 - 1), scale(0.00037)],
      }),
    ).toBe("0 of 64");
  });
});
