import type { GraphEditor, Tensor, Value } from "@lowbit/ir";

/** Initializers by content: the same tensor is stored once, under a short name. */
export class ConstantPool {
  readonly #editor: GraphEditor;
  readonly #values = new Map<string, Value>();

  constructor(editor: GraphEditor) {
    this.#editor = editor;
  }

  /** The initializer that holds a tensor; `name` is the base of its name if it has to be made. */
  get(tensor: Tensor, name: string): Value {
    const key = `${tensor.dtype}[${tensor.dims.join(",")}]${Buffer.from(tensor.bytes()).toString("base64")}`;
    const found = this.#values.get(key);
    if (found) return found;
    const value = this.#editor.initializer(tensor, name);
    this.#values.set(key, value);
    return value;
  }
}
