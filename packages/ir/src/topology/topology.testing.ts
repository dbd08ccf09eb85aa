import fc from "fast-check";
import { GraphEditor } from "../edit/graph-editor.ts";
import { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";

/** Random graphs of nodes `n0`, `n1`, … of op `A` or `B` that read one another; sorted unless `cyclic`. */
export function randomGraphs({ cyclic = false, maxNodes = 14 } = {}): fc.Arbitrary<Graph> {
  const node = fc.record({
    op: fc.constantFrom("A", "B"),
    operands: fc.array(fc.nat(maxNodes * 2), { maxLength: 3 }),
    returned: fc.boolean(),
  });
  return fc.array(node, { maxLength: maxNodes }).map((recipes) => {
    const graph = new Graph("g");
    const editor = new GraphEditor(graph);
    const x = editor.input("x", null);
    const nodes = recipes.map(({ op }, index) => editor.node(op, [], {}, { domain: "t", outputs: [`n${index}`] }));
    recipes.forEach(({ operands, returned }, index) => {
      const limit = cyclic ? nodes.length : index;
      editor.setInputs(
        nodes[index]!,
        operands
          .map((number) => nodes[number % (2 * maxNodes)])
          .map((other, i) => {
            const known = other && operands[i]! < limit;
            return known ? other.output : x;
          }),
      );
      if (returned) editor.output(nodes[index]!.output);
    });
    return graph;
  });
}

/** Labels of nodes in one line each group. */
export function labels(groups: Iterable<Iterable<Node>>): string[] {
  return [...groups].map((group) => [...group].map((node) => node.label).join(" "));
}

/** A graph from lines such as `c = A a b`; names without a line are graph inputs. */
export function wired(text: string): Graph {
  const graph = new Graph("g");
  const editor = new GraphEditor(graph);
  const lines = text
    .trim()
    .split("\n")
    .map((line) => /(\w+) = (\w+)(.*)/.exec(line)!);
  const nodes = lines.map(([, name, op]) => editor.node(op!, [], {}, { domain: "t", outputs: [name!] }));
  lines.forEach(([, , , operands], index) => {
    const names = operands!.split(" ").filter(Boolean);
    editor.setInputs(
      nodes[index]!,
      names.map((name) => graph.value(name) ?? editor.input(name, null)),
    );
  });
  return graph;
}
