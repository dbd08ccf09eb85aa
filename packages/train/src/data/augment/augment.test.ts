import { CompileError, Tensor } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import type { Batch, Dataset } from "../dataset.ts";
import { arrays } from "../arrays.ts";
import { augmented, type Augmentation } from "./augmentation.ts";
import { randomCrop } from "./random-crop.ts";
import { randomFlip } from "./random-flip.ts";

/** `count` images of 5 rows and 6 columns with two channels; pixel values tell sample, channel, row and column. */
function images(count: number, planar: boolean): Tensor {
  const values: number[] = [];
  const each = (n: number, c: number, y: number, x: number): void =>
    void values.push(1000 * (n + 1) + 100 * c + 10 * y + x);
  for (let n = 0; n < count; n++) {
    if (planar) for (let c = 0; c < 2; c++) for (let y = 0; y < 5; y++) for (let x = 0; x < 6; x++) each(n, c, y, x);
    else for (let y = 0; y < 5; y++) for (let x = 0; x < 6; x++) for (let c = 0; c < 2; c++) each(n, c, y, x);
  }
  return Tensor.of("float", values, planar ? [count, 2, 5, 6] : [count, 5, 6, 2]);
}

async function run(
  data: Dataset,
  list: readonly Augmentation[],
  { seed = 0, epoch = 0, batch = 4 } = {},
): Promise<{ readonly x: number[]; readonly targets: number[] }> {
  const [x, targets]: [number[], number[]] = [[], []];
  for await (const each of augmented(data.batches({ batch }), list, { seed, epoch, first: 0 })) {
    x.push(...each.inputs["x"]!.numbers());
    if (each.target) targets.push(...each.target.numbers());
  }
  return { x, targets };
}

/** The pixel of a planar image, or the fill outside. */
function pixel(n: number, c: number, y: number, x: number, fill: number): number {
  return y < 0 || y >= 5 || x < 0 || x >= 6 ? fill : 1000 * (n + 1) + 100 * c + 10 * y + x;
}

test("a flip mirrors whole images, about half of them", async () => {
  const { x } = await run(arrays({ x: images(40, true) }), [randomFlip()]);
  let flips = 0;
  for (let n = 0; n < 40; n++) {
    const flipped = x[n * 60] !== pixel(n, 0, 0, 0, 0);
    if (flipped) flips++;
    const expected = [0, 1].flatMap((c) =>
      [0, 1, 2, 3, 4].flatMap((y) => [0, 1, 2, 3, 4, 5].map((at) => pixel(n, c, y, flipped ? 5 - at : at, 0))),
    );
    expect(x.slice(n * 60, n * 60 + 60)).toEqual(expected);
  }
  expect(flips).toBeGreaterThan(10);
  expect(flips).toBeLessThan(30);
});

test("a crop moves whole images by up to the padding, and fills in what comes from outside, per channel", async () => {
  const { x } = await run(arrays({ x: images(60, true) }), [randomCrop({ padding: 2, fill: [-1, -2] })]);
  const seen = new Set<string>();
  for (let n = 0; n < 60; n++) {
    const given = x.slice(n * 60, n * 60 + 60);
    const shifts = [-2, -1, 0, 1, 2].flatMap((dy) => [-2, -1, 0, 1, 2].map((dx) => [dy, dx] as const));
    const found = shifts.filter(([dy, dx]) =>
      given.every((value, i) => {
        const [c, y, at] = [Math.floor(i / 30), Math.floor(i / 6) % 5, i % 6];
        return value === pixel(n, c, y + dy, at + dx, c === 0 ? -1 : -2);
      }),
    );
    expect(found.length).toBe(1);
    seen.add(String(found[0]));
  }
  expect(seen.size).toBeGreaterThan(15);
});

test.each([randomFlip(), randomCrop({ padding: 1, fill: [-1, -2] })])(
  "$name does to NHWC what it does to NCHW",
  async (one) => {
    const planar = (await run(arrays({ x: images(9, true) }), [one])).x;
    const interleaved = (await run(arrays({ x: images(9, false) }), [one])).x;
    const asPlanar = planar.map((_, i) => {
      const [n, c, pixelIndex] = [Math.floor(i / 60), Math.floor(i / 30) % 2, i % 30];
      return interleaved[n * 60 + pixelIndex * 2 + c];
    });
    expect(asPlanar).toEqual(planar);
  },
);

describe("what a sample becomes", () => {
  const both = [randomFlip(), randomCrop({ padding: 2 })];
  const data = arrays({ x: images(11, true) });

  test("depends on the seed and on the epoch, not on the batch size", async () => {
    const first = (await run(data, both)).x;
    expect((await run(data, both, { batch: 3 })).x).toEqual(first);
    expect((await run(data, both, { epoch: 1 })).x).not.toEqual(first);
    expect((await run(data, both, { seed: 1 })).x).not.toEqual(first);
  });

  test("is the same when a run goes on in the middle of an epoch", async () => {
    const rest: Batch[] = [];
    const whole = (await run(data, both)).x;
    async function* later(): AsyncGenerator<Batch> {
      let index = 0;
      for await (const batch of data.batches({ batch: 4 })) if (index++ > 0) yield batch;
    }
    for await (const batch of augmented(later(), both, { seed: 0, epoch: 0, first: 4 })) rest.push(batch);
    expect(rest.flatMap((batch) => [...batch.inputs["x"]!.numbers()])).toEqual(whole.slice(4 * 60));
  });
});

test("targets with a class per pixel are mirrored with their images, and refuse crops", async () => {
  const labels = Tensor.of(
    "int64",
    Array.from({ length: 8 * 30 }, (_, i) => i % 30),
    [8, 5, 6],
  );
  const data = arrays({ x: images(8, true) }, labels);
  const { x, targets } = await run(data, [randomFlip()]);
  for (let i = 0; i < 8 * 30; i++) {
    const value = x[Math.floor(i / 30) * 60 + (i % 30)]! % 100;
    expect(targets[i]).toBe(6 * Math.floor(value / 10) + (value % 10));
  }
  await expect(run(data, [randomCrop({ padding: 1 })])).rejects.toThrow("targets have a number per pixel");
});

test("data without images is refused", async () => {
  const data = arrays({ x: Tensor.of("float", [1, 2, 3, 4], [2, 2]) });
  await expect(run(data, [randomFlip()])).rejects.toThrow(CompileError);
});
