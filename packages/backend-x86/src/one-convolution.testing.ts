import { newModel, parseGraph, seeded, type Model, type Node } from "@lowbit/ir";
import { quantizeModel } from "@lowbit/quantize";
import type { Pass } from "@lowbit/rewrite";
import { Session, type Feeds } from "@lowbit/runtime";
import { x86 } from "./x86.ts";

/** Everything on integers. */
export const backend = x86({ prefer: "integer" });

/** Two images of so many channels. */
export function imagesOf(channels: number, plane: readonly [number, number]): Feeds {
  return { x: seeded("x", "float", [2, channels, ...plane]) };
}

/** The only convolution of a quantized model, and the model. @param weight its dimensions, as text */
export async function oneConvolution(
  images: Feeds,
  conv: string,
  weight: string,
  lower = backend,
): Promise<[Node, Model]> {
  const [, ...image] = images["x"]!.dims;
  const outputs = weight.split(",")[0];
  const text = `g (float[N,${image.join()}] x) => (y) <float[${weight}] w, float[${outputs}] b> { y = Conv ${conv} (x, w, b) }`;
  const { model } = await quantizeModel(newModel(parseGraph(text)), { backend: lower, data: [images] });
  return [[...model.graph.nodes].find(({ op }) => op === "Conv")!, model];
}

/** One convolution as it is lowered, and what it makes of images with and without a pass. */
export interface ComparedConvolution {
  readonly convolution: Node;
  readonly model: Model;
  readonly results: readonly number[];
  readonly before: readonly number[];
}

/** `oneConvolution`, compared with what comes out when a pass is left out. */
export async function comparedWithout(
  pass: Pass,
  images: Feeds,
  conv: string,
  weight: string,
): Promise<ComparedConvolution> {
  const lower = backend.lower.filter((each) => each !== pass);
  const [convolution, model] = await oneConvolution(images, conv, weight);
  const [, plain] = await oneConvolution(images, conv, weight, { ...backend, lower });
  return { convolution, model, results: await resultsOf(model, images), before: await resultsOf(plain, images) };
}

/** What a model makes of images. */
export async function resultsOf(model: Model, images: Feeds): Promise<readonly number[]> {
  const session = await Session.create(model);
  const { y } = await session.run(images);
  await session.release();
  return [...y!.floats()];
}
