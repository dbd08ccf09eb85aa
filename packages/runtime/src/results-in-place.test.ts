import { modelBytes, newModel, parseGraph, printGraph, Tensor, type Model } from "@lowbit/ir";
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { bytesInPlace, expectedResults } from "./in-place-model.ts";
import { runInPlace } from "./results-in-place.ts";
import { portOf } from "./session.ts";

const model = (): Model =>
  newModel(
    parseGraph(`g (float[N,2] x, int64[2] i) => (float[N,2] y, float[2,N] t, int64[2] j) {
      y = Exp (x)
      t = Transpose (x)
      j = Add (i, i) }`),
  );
const feeds = (): Record<string, ort.Tensor> => ({
  x: new ort.Tensor("float32", Float32Array.of(0, 1, 2, -3), [2, 2]),
  i: new ort.Tensor("int64", BigInt64Array.of(5n, -7n), [2]),
});
const expected = {
  y: { type: "float32", dims: [2, 2] },
  t: { type: "float32", dims: [2, 2] },
  j: { type: "int64", dims: [2] },
} as const;

test("results are written into retired memory of their size, and into new memory where there is none", async () => {
  const session = await ort.InferenceSession.create(bytesInPlace(model()));
  const [copied, retired] = [await session.run(feeds(), ["y", "t", "j"]), [new ArrayBuffer(16), new ArrayBuffer(24)]];
  const [fitting, other] = retired;
  const results = await runInPlace(session, feeds(), expected, retired);
  for (const name of ["y", "t", "j"]) expect(results![name]!.data).toEqual((copied[name] as ort.Tensor).data);
  expect((results!["y"]!.data as Float32Array).buffer).toBe(fitting);
  expect(retired).toEqual([other]);
  expect(retired[0]).toBe(other);
  await session.release();
});

test("a run that fails gives nothing, and so does a model without the output for it", async () => {
  const session = await ort.InferenceSession.create(bytesInPlace(model()), { logSeverityLevel: 4 });
  const wrong = { ...feeds(), x: new ort.Tensor("float32", Float32Array.of(1, 2, 3), [1, 3]) };
  expect(await runInPlace(session, wrong, expected, [])).toBeNull();
  expect(await runInPlace(session, feeds(), { ...expected, y: { type: "float32", dims: [3, 2] } }, [])).toBeNull();
  await session.release();
  const plain = await ort.InferenceSession.create(modelBytes(model()));
  expect(await runInPlace(plain, feeds(), expected, [])).toBeNull();
  await plain.release();
});

test("the model itself keeps its outputs", () => {
  const own = model();
  const before = printGraph(own.graph);
  bytesInPlace(own);
  expect(printGraph(own.graph)).toBe(before);
});

test("shapes of results are known where their dimensions are those of what is fed", async () => {
  const session = await ort.InferenceSession.create(bytesInPlace(model()));
  const outputs = session.outputMetadata.filter(({ isTensor }) => isTensor).map(portOf);
  const inputs = session.inputMetadata.map(portOf);
  await session.release();
  const fed = { x: Tensor.of("float", [1, 2, 3, 4, 5, 6], [3, 2]), i: Tensor.of("int64", [1, 2]) };
  expect(expectedResults(inputs, outputs, fed)).toEqual({
    y: { type: "float32", dims: [3, 2] },
    t: { type: "float32", dims: [2, 3] },
    j: { type: "int64", dims: [2] },
  });
  const unknown = [...outputs, { name: "k", dtype: "int64", shape: ["found"] }] as const;
  expect(expectedResults(inputs, unknown, fed)).toBeNull();
});
