import { expect } from "vitest";
import { CompileError } from "../diagnostics.ts";
import { parseModel } from "../text/parse.ts";
import { printGraph } from "../text/print.ts";
import { convertOpset } from "./convert-opset.ts";

/** The graph of a text in an older opset, converted to the canonical one. */
export function converted(opset: number, graph: string): string {
  const model = parseModel(`<ir_version: 4, opset_import: ["": ${opset}]> ${graph}`, { infer: false });
  convertOpset(model);
  expect(model.opsets.get("")).toBe(21);
  return printGraph(model.graph);
}

/** The diagnostics of a conversion that cannot be done, as `code node: reason`. */
export function refused(opset: number, graph: string): readonly string[] {
  const model = parseModel(`<ir_version: 4, opset_import: ["": ${opset}]> ${graph}`, { infer: false });
  try {
    convertOpset(model);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return error.diagnostics.map((d) => `${d.code} ${d.where?.node}: ${d.message.split(": ").at(-1)}`);
  }
  return [];
}
