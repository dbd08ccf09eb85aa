import { gradientRules } from "@lowbit/autodiff";
import { CompileError, schemaOf, type Node, type OpName, type Value } from "@lowbit/ir";

/**
 * The diagnostic for parameters of which none gets a gradient: names the first nodes on their way to the loss that nothing
 * flows back through, or says that there is no way.
 *
 * @param parameters at least one, in a graph whose output is the loss
 */
export function gradientsCutOff(parameters: readonly Value[]): CompileError {
  const nodes = cutting(parameters);
  const named = nodes.slice(0, 3).map((node) => `${node.op} "${node.name || node.output.name}"`);
  const more = nodes.length > named.length ? ` and ${nodes.length - named.length} more` : "";
  const why =
    nodes.length > 0
      ? `nothing flows back through ${named.join(", ")}${more}, whose derivative is 0 wherever it exists`
      : "the loss does not depend on them";
  return new CompileError({
    code: "train/no-parameters",
    severity: "error",
    message: `no trainable parameter of the model gets a gradient: ${why}`,
    help: "train a model that ends in scores, before they are rounded, compared or turned into a choice",
  });
}

/** The first nodes behind some values whose derivative is zero. */
function cutting(values: readonly Value[]): readonly Node[] {
  const found = new Set<Node>();
  const seen = new Set(values);
  const pending = [...values];
  for (let value = pending.pop(); value; value = pending.pop()) {
    for (const { node } of value.uses) {
      const entry = schemaOf(node.op, node.domain) ? gradientRules[node.op as OpName] : undefined;
      if (entry && typeof entry !== "function" && entry.kind === "zero") found.add(node);
      else {
        const next = node.outputs.filter((output) => output !== null && !seen.has(output)) as Value[];
        for (const output of next) seen.add(output);
        pending.push(...next);
      }
    }
  }
  return [...found];
}
