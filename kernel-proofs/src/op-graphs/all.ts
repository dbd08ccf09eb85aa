import { convolutions } from "./convolutions.ts";
import { elementwise } from "./elementwise.ts";
import { images } from "./images.ts";
import { moves } from "./moves.ts";
import type { OpGraph } from "./op-graph.ts";
import { pools } from "./pools.ts";
import { products } from "./products.ts";

/** Graphs for every op that ONNX Runtime has an 8-bit kernel for: in the shapes that take different kernels, and in every form. */
export const opGraphs: readonly OpGraph[] = [
  ...convolutions,
  ...products,
  ...elementwise,
  ...pools,
  ...images,
  ...moves,
];
