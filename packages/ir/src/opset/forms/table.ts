import type { Upgrade } from "../upgrade.ts";
import { attributeForms } from "./attributes-to-operands.ts";
import { broadcastForms } from "./broadcast.ts";
import { defaultForms } from "./defaults.ts";
import { dropoutForms } from "./dropout.ts";
import { normalizationForms } from "./normalization.ts";
import { resizeForms } from "./resize.ts";
import { softmaxForms } from "./softmax.ts";
import { formsWithoutEquivalent } from "./without-equivalent.ts";

/**
 * Every change of form of the ONNX domain up to the canonical opset, by op and the opset that made it
 * (https://github.com/onnx/onnx/blob/main/docs/Changelog.md).
 *
 * Not among them: OneHot of opset 9 calls negative indices out of range while 11 counts them from the end; runtimes do
 * the latter for both.
 */
export const upgrades: ReadonlyMap<string, readonly Upgrade[]> = byOp([
  ...attributeForms,
  ...broadcastForms,
  ...defaultForms,
  ...dropoutForms,
  ...normalizationForms,
  ...resizeForms,
  ...softmaxForms,
  ...formsWithoutEquivalent,
]);

function byOp(all: readonly Upgrade[]): ReadonlyMap<string, readonly Upgrade[]> {
  const table = new Map<string, Upgrade[]>();
  for (const upgrade of all) table.set(upgrade.op, [...(table.get(upgrade.op) ?? []), upgrade]);
  return table;
}
