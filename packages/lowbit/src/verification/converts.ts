import type { Node } from "@lowbit/ir";
import { dataOf } from "./dequantized.ts";

/** What a conversion turns into codes, or for whom it makes floats out of codes. */
export function whatItConverts(node: Node): string {
  const [from] = node.inputs;
  if (!node.is("DequantizeLinear")) return `"${from!.name}" to codes`;
  const to = node.outputs[0]!;
  if (to.isGraphOutput) return `codes to the output "${to.name}"`;
  const [reader, ...others] = to.users;
  const stored = from && dataOf(from) ? "stored " : "";
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return reader
    ? `${stored}codes to floats for ${reader.op} "${reader.label}"${more}`
    : "codes to floats that nobody reads";
}
