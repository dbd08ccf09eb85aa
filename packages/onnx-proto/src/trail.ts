import type { CompiledField } from "./schema/compile.ts";

/** Steps of a long path that are shown at either end. */
const endSteps = 8;

/** Where the codec is in a tree of messages: kept as it goes, turned into text only for an error. */
export class Trail {
  readonly #root: string;
  readonly #fields: CompiledField[] = [];
  readonly #indices: number[] = [];
  /** The field at hand in the innermost message. */
  field: CompiledField | undefined = undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** How many messages enclose the one at hand. */
  get depth(): number {
    return this.#fields.length;
  }

  /** Steps into the `index`-th value of a message field. */
  enter(field: CompiledField, index: number): void {
    this.#fields.push(field);
    this.#indices.push(index);
    this.field = undefined;
  }

  /** Steps out of the message last entered. */
  leave(): void {
    this.field = this.#fields.pop();
    this.#indices.pop();
  }

  /** Such as `ModelProto.graph.node[3].name`; the middle of a very long one is left out. */
  path(): string {
    const steps = this.#fields.map((field, at) =>
      field.cardinality === "optional" ? field.name : `${field.name}[${this.#indices[at]}]`,
    );
    if (this.field !== undefined) steps.push(this.field.name);
    const shown = steps.length > 2 * endSteps ? [...steps.slice(0, endSteps), "…", ...steps.slice(-endSteps)] : steps;
    return [this.#root, ...shown].join(".");
  }
}
