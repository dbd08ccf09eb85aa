import { conformanceArchive, conformanceCases } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { decode } from "../decode/decode.ts";
import type { TensorProto } from "../messages/tensor.ts";
import { decodeModel } from "../model-file.ts";
import { bfloat16ToNumber, numberToBfloat16 } from "./bfloat16.ts";
import { DataType, type DataTypeName, dataTypeOfCode } from "./data-type.ts";
import { float16ToNumber, numberToFloat16 } from "./float16.ts";
import { float4e2m1ToNumber, numberToFloat4e2m1 } from "./float4e2m1.ts";
import { float8ToNumber, numberToFloat8 } from "./float8.ts";
import { float8e8m0ToNumber, numberToFloat8e8m0 } from "./float8e8m0.ts";
import { unpackUint4 } from "./sub-byte.ts";

interface Conversion {
  readonly toNumber: (bits: number) => number;
  readonly ofNumber: (x: number, saturate: boolean) => number;
}

/** The conversions under test, by ONNX's name of the format. */
const conversions: Readonly<Partial<Record<DataTypeName, Conversion>>> = {
  FLOAT16: { toNumber: float16ToNumber, ofNumber: numberToFloat16 },
  BFLOAT16: { toNumber: bfloat16ToNumber, ofNumber: numberToBfloat16 },
  FLOAT8E4M3FN: {
    toNumber: (bits) => float8ToNumber("e4m3fn", bits),
    ofNumber: (x, saturate) => numberToFloat8("e4m3fn", x, saturate),
  },
  FLOAT8E4M3FNUZ: {
    toNumber: (bits) => float8ToNumber("e4m3fnuz", bits),
    ofNumber: (x, saturate) => numberToFloat8("e4m3fnuz", x, saturate),
  },
  FLOAT8E5M2: {
    toNumber: (bits) => float8ToNumber("e5m2", bits),
    ofNumber: (x, saturate) => numberToFloat8("e5m2", x, saturate),
  },
  FLOAT8E5M2FNUZ: {
    toNumber: (bits) => float8ToNumber("e5m2fnuz", bits),
    ofNumber: (x, saturate) => numberToFloat8("e5m2fnuz", x, saturate),
  },
  FLOAT8E8M0: { toNumber: float8e8m0ToNumber, ofNumber: (x, saturate) => numberToFloat8e8m0(x, "up", saturate) },
  FLOAT4E2M1: { toNumber: float4e2m1ToNumber, ofNumber: numberToFloat4e2m1 },
};

/** The elements of a tensor as stored: bits for the formats under test, numbers for FLOAT and DOUBLE. */
function stored(tensor: TensorProto): readonly number[] {
  const facts = dataTypeOfCode(tensor.data_type!)!;
  const raw = tensor.raw_data!.slice();
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (facts.bits === 4) return [...unpackUint4(raw, count)];
  if (facts.name === "FLOAT") return [...new Float32Array(raw.buffer)];
  if (facts.name === "DOUBLE") return [...new Float64Array(raw.buffer)];
  return [...(facts.bits === 16 ? new Uint16Array(raw.buffer) : raw)];
}

function numbers(tensor: TensorProto): readonly number[] {
  const conversion = conversions[dataTypeOfCode(tensor.data_type!)!.name];
  return conversion === undefined ? stored(tensor) : stored(tensor).map(conversion.toNumber);
}

const archive = conformanceArchive();

test.skipIf(archive === null)("the Cast cases of the conformance suite convert as the standard expects", () => {
  const cases = conformanceCases(archive!).filter(({ name }) => /^node\/test_cast_.*(FLOAT\d|BFLOAT)/.test(name));
  const wrong: string[] = [];
  for (const { name, model, dataSets } of cases) {
    const attributes = decodeModel(model).graph!.node[0]!.attribute;
    const saturate = attributes.find((attribute) => attribute.name === "saturate")?.i !== 0n;
    const input = numbers(decode("TensorProto", dataSets[0]!.inputs[0]!));
    const output = decode("TensorProto", dataSets[0]!.outputs[0]!);
    const conversion = conversions[dataTypeOfCode(output.data_type!)!.name];
    const actual =
      conversion === undefined ? input : input.map((x) => conversion.toNumber(conversion.ofNumber(x, saturate)));
    // For NaN to FLOAT4E2M1 the text of the standard says 6, its test data -0: either way there is no NaN.
    const decided = (index: number): boolean => output.data_type !== DataType.FLOAT4E2M1 || !Number.isNaN(input[index]);
    const expected = numbers(output);
    for (const [index, value] of actual.entries()) {
      if (decided(index) && !Object.is(value, expected[index])) wrong.push(`${name}: ${input[index]} gives ${value}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(cases.map(({ name }) => name)).toMatchInlineSnapshot(`
    [
      "node/test_cast_BFLOAT16_to_FLOAT",
      "node/test_cast_DOUBLE_to_FLOAT16",
      "node/test_cast_FLOAT16_to_FLOAT",
      "node/test_cast_FLOAT16_to_FLOAT4E2M1",
      "node/test_cast_FLOAT16_to_FLOAT8E4M3FN",
      "node/test_cast_FLOAT16_to_FLOAT8E4M3FNUZ",
      "node/test_cast_FLOAT16_to_FLOAT8E5M2",
      "node/test_cast_FLOAT16_to_FLOAT8E5M2FNUZ",
      "node/test_cast_FLOAT_to_FLOAT16",
      "node/test_cast_e8m0_FLOAT16_to_FLOAT8E8M0",
      "node/test_cast_no_saturate_FLOAT16_to_FLOAT8E4M3FN",
      "node/test_cast_no_saturate_FLOAT16_to_FLOAT8E4M3FNUZ",
      "node/test_cast_no_saturate_FLOAT16_to_FLOAT8E5M2",
      "node/test_cast_no_saturate_FLOAT16_to_FLOAT8E5M2FNUZ",
    ]
  `);
});
