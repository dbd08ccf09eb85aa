import type { Model } from "@lowbit/ir";
import { whatRan, type Feeds } from "@lowbit/runtime";

/** How many times ONNX Runtime brings channels into blocks or out of them when a model runs. */
export async function reorders(model: Model, feeds: Feeds): Promise<number> {
  return (await whatRan(model, feeds)).filter(({ op }) => op === "ReorderOutput" || op === "ReorderInput").length;
}
