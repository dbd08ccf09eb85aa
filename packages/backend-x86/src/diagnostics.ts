import type { Diagnostic, Node } from "@lowbit/ir";

/** What of a product's weights the range was cut to. */
export interface Reach {
  readonly node: Node;
  /** Largest magnitude of its codes. */
  readonly reach: number;
}

/** How many products are named in a message. */
const named = 6;

/** Products without VNNI whose weights were given fewer codes. */
export function rangeReduced(reduced: readonly Reach[], products: number): Diagnostic {
  const list = reduced.slice(0, named).map(({ node, reach }) => `${node.label} ±${reach}`);
  const more = reduced.length > named ? `, and ${reduced.length - named} more` : "";
  return {
    code: "backend/range-reduced",
    severity: "note",
    message: `weights of ${reduced.length} of ${products} products use fewer than 8 bits, so that no sum saturates without VNNI: ${list.join(", ")}${more}`,
    help: "`--backend x86` keeps 8 bits, for CPUs with VNNI; `--save-plan` writes the range of each product",
  };
}

/** A product whose sums can saturate on CPUs without VNNI. */
export function canSaturateThere(node: Node, channels: number, of: number): Diagnostic {
  return {
    code: "backend/can-saturate",
    severity: "warning",
    message: `${node.op} "${node.label}": sums of two products can leave 16 bits in ${channels} of ${of} output channels, so CPUs without VNNI may compute something else`,
    where: { node: node.label },
    help: "give its weights fewer codes, as `--reduce-range auto` does",
  };
}
