import { Tensor, type Model } from "@lowbit/ir";
import { randomStream, type Batch } from "@lowbit/train";
import type { BenchModel } from "./models.ts";

/** Different batches that a measured training goes through over and over. */
const batchCount = 8;

/** The batches that both sides train on: normal images and uniform labels, the same on every machine. */
export function madeUpBatches({ shape }: BenchModel, batch: number): readonly Batch[] {
  const random = randomStream(7);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const size = shape.reduce((a, b) => a * b, batch);
  return Array.from({ length: batchCount }, () => {
    const x = Tensor.fromTyped("float", [batch, ...shape], Float32Array.from({ length: size }, normal));
    const labels = Array.from({ length: batch }, () => Math.floor(random() * 10));
    return { inputs: { x }, target: Tensor.of("int64", labels), size: batch };
  });
}

/** Where the peer finds what it needs: all numbers in one float32 file, and which belong to what. */
export interface SharedSetting {
  readonly data: Float32Array;
  readonly index: {
    readonly parameters: Readonly<Record<string, { readonly offset: number; readonly dims: readonly number[] }>>;
    readonly batches: readonly { readonly x: number; readonly labels: readonly number[] }[];
    readonly inputShape: readonly number[];
    readonly learningRate: number;
  };
}

/** A model's first weights and the batches as numbers in one row. */
export function sharedSetting(model: Model, batches: readonly Batch[], learningRate: number): SharedSetting {
  const pieces: Float32Array[] = [];
  let length = 0;
  const append = (numbers: Float32Array): number => {
    pieces.push(numbers);
    length += numbers.length;
    return length - numbers.length;
  };
  const parameters = Object.fromEntries(
    [...model.graph.initializers].map(({ name, initializer }) => [
      name,
      { offset: append(initializer!.floats()), dims: initializer!.dims },
    ]),
  );
  const placed = batches.map((batch) => ({
    x: append(batch.inputs.x!.floats()),
    labels: [...batch.target!.numbers()],
  }));
  const data = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return { data, index: { parameters, batches: placed, inputShape: batches[0]!.inputs.x!.dims, learningRate } };
}
