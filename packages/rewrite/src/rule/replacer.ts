import {
  CompileError,
  invariant,
  mayNeverRun,
  Value,
  type AttributeInput,
  type GraphEditor,
  type Node,
} from "@lowbit/ir";
import { typeChanged } from "../diagnostics.ts";
import { eraseDead, isUnread, removeIfUnused } from "./erase-dead.ts";
import { refineType } from "./refine-type.ts";
import { Reject, type Replacement, type RewriteContext } from "./rule.ts";

interface NewConstant {
  readonly value: Value;
  /** The value whose name it takes over if that one goes away. */
  readonly heirOf: Value | null;
}

/**
 * Lets rules rewrite their matches in one graph: redirects the readers to the replacement, erases what became dead, and
 * gives the replacement the names of what it replaces.
 */
export class Replacer {
  readonly #editor: GraphEditor;
  #nodes: Node[] = [];
  #constants: NewConstant[] = [];

  constructor(editor: GraphEditor) {
    this.#editor = editor;
    editor.listen({ created: (node) => this.#nodes.push(node) });
  }

  /**
   * Replaces the results of `root` by what `build` makes; a rejection leaves the graph as it was.
   *
   * @param nodes what the replacement is made out of, for origins
   * @throws CompileError `rewrite/type-changed`
   */
  apply(
    rule: string,
    root: Node,
    nodes: readonly Node[],
    build: (context: RewriteContext) => Replacement | Reject,
  ): Reject | null {
    this.#nodes = [];
    this.#constants = [];
    const editor = this.#editor;
    const context: RewriteContext = {
      root,
      op: editor.op,
      editor,
      like: (node, inputs, changes = {}) => {
        const attributes = Object.fromEntries<AttributeInput | undefined>(node.attributes);
        for (const [name, input] of Object.entries(changes)) attributes[name] = input ?? undefined;
        const request = { domain: node.domain, ...(node.name === "" ? {} : { name: node.name }) };
        return editor.node(node.op, inputs, attributes, request).output;
      },
      constant: (tensor, name) => {
        const heirOf = name instanceof Value ? name : null;
        const value = editor.initializer(tensor, name instanceof Value ? name.name : name);
        this.#constants.push({ value, heirOf });
        return value;
      },
    };
    const result = editor.rewriting(rule, nodes, root, () => attempt(root, () => build(context)));
    if (result instanceof Reject) {
      this.#undo();
      return result;
    }
    this.#replace(rule, root, result);
    return null;
  }

  #undo(): void {
    eraseDead(this.#editor, this.#nodes);
    for (const { value } of this.#constants) {
      if (value.initializer) removeIfUnused(this.#editor, value);
    }
  }

  #replace(rule: string, root: Node, replacement: Replacement): void {
    const editor = this.#editor;
    const values = replacement instanceof Value ? [replacement] : replacement;
    const heirs: { readonly value: Value; readonly name: string }[] = [];
    const isNew = new Set<Value | null>(this.#nodes.flatMap((node) => node.outputs));
    for (const { value } of this.#constants) isNew.add(value);
    for (const [index, from] of root.outputs.entries()) {
      if (!from || isUnread(from)) continue;
      const to = values[index] ?? null;
      invariant(to && to !== from, `rule ${rule} gives no replacement for ${from.name} of ${root.label}`);
      let refined = refineType(from.type, to.type);
      if (!refined) {
        // The file may have declared a type that is out of date; what follows from the operands decides.
        editor.infer(root);
        refined = refineType(from.type, to.type);
      }
      if (!refined) throw typeChanged(rule, root, from, to.type);
      if (!to.isGraphInput) editor.setType(to, refined.type);
      if (isNew.has(to) && !from.isGraphOutput) heirs.push({ value: to, name: from.name });
      editor.replaceAllUses(from, to);
    }
    eraseDead(editor, [root]);
    for (const { value, heirOf } of this.#constants) {
      if (removeIfUnused(editor, value)) continue;
      if (heirOf) heirs.push({ value, name: heirOf.name });
    }
    for (const { value, name } of heirs) if (!value.graph.values.has(name)) editor.rename(value, name);
  }
}

/** What `build` makes. A branch that may never run can be wrong for the shapes at hand, and is then left alone. */
function attempt(root: Node, build: () => Replacement | Reject): Replacement | Reject {
  try {
    return build();
  } catch (error) {
    if (error instanceof CompileError && mayNeverRun(root)) return new Reject(error.diagnostic.message, root);
    throw error;
  }
}
