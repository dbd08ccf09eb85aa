import { invariant, shapeText, Tensor, type Dim, type GraphEditor, type Value } from "@lowbit/ir";

/** Channels that every block of ONNX Runtime's blocked layout (NCHWc, of 8 or 16 channels) divides. */
const wholeBlocks = 16;

/**
 * One output that many ends of values lie side by side in. What global pools gave is put together before it is reduced, and
 * while it is still in blocks: each reduction, each change of layout and each output costs as much as a small node.
 */
export class EndsOutput {
  /** Results of pools, by what they can be concatenated with. */
  readonly #pools = new Map<string, Value[]>();
  readonly #vectors: { readonly value: Value; readonly length: number }[] = [];

  /**
   * Adds the largest elements per channel of what a global pool gave, [N, C, 1, 1].
   *
   * @param isInBlocks whether the runtime has it in blocks
   */
  addPool(value: Value, isInBlocks: boolean): void {
    const [batch, channels] = value.shape as readonly [Dim, number];
    const form = isInBlocks && channels % wholeBlocks === 0 ? "blocks" : "planes";
    const key = `${form} ${batch === null ? value.name : shapeText([batch])}`;
    this.#pools.set(key, [...(this.#pools.get(key) ?? []), value]);
  }

  /** Adds a tensor of known size as it is. */
  addVector(value: Value, length: number): void {
    this.#vectors.push({ value, length });
  }

  /** The output, and where in it the ends of what was added begin. */
  finish(editor: GraphEditor): { readonly output: Value; readonly offsets: ReadonlyMap<Value, number> } {
    const { op } = editor;
    const constant = (numbers: readonly number[]): Value => editor.initializer(Tensor.of("int64", numbers), "ends");
    const offsets = new Map<Value, number>();
    let end = 0;
    const place = (value: Value, length: number): void => {
      offsets.set(value, end);
      end += length;
    };
    const vectors = this.#vectors.map(({ value, length }) => {
      place(value, length);
      return op.Reshape([value, constant([-1])]);
    });
    const pieces = [...this.#pools.values()].map((pools) => {
      for (const pool of pools) place(pool, pool.shape![1] as number);
      // As a matrix, of which the runtime has a fast reduction.
      const matrix = op.Flatten([op.Concat(pools, { axis: 1 })], { axis: 1 });
      return op.ReduceMax([matrix, constant([0])], { keepdims: 0 });
    });
    invariant(end > 0, "no value is watched");
    return { output: op.Concat([...vectors, ...pieces], { axis: 0 }), offsets };
  }
}
