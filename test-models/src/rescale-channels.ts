import { GraphEditor, Tensor, type Graph, type Node } from "@lowbit/ir";

/**
 * Makes a float graph hard to quantize without changing what it computes, in place: in every chain Conv-Relu-Conv the
 * channels between are multiplied by factors 2^U(-3,3) in the first weight and bias, and divided by them in the second
 * weight. The normalizations must be folded, and the weights constants. Returns how many chains it found.
 */
export function rescaleChannels(graph: Graph, seed: number): number {
  const editor = new GraphEditor(graph);
  const draw = uniform(seed);
  let chains = 0;
  for (const first of graph.nodes) {
    const second = first.is("Conv") ? convBehindRelu(first) : null;
    if (!second || !hasOwnData(first) || !hasOwnData(second)) continue;
    const [weight, bias, next] = [first.inputs[1]!, first.inputs[2] ?? null, second.inputs[1]!];
    const factors = Array.from({ length: weight.constant!.dims[0]! }, () => 2 ** (6 * draw() - 3));
    const perOutput = weight.constant!.size / factors.length;
    const map = (tensor: Tensor, change: (value: number, index: number) => number): Tensor =>
      Tensor.of("float", tensor.numbers().map(change), tensor.dims);
    editor.setInitializer(
      weight,
      map(weight.constant!, (value, i) => value * factors[Math.floor(i / perOutput)]!),
    );
    if (bias) {
      editor.setInitializer(
        bias,
        map(bias.constant!, (value, i) => value * factors[i]!),
      );
    }
    const [outputs, inputsPerGroup] = next.constant!.dims as [number, number];
    const kernel = next.constant!.size / outputs / inputsPerGroup;
    const outputsPerGroup = outputs / second.int("group", 1);
    const inputOf = (i: number): number => {
      const group = Math.floor(i / (kernel * inputsPerGroup) / outputsPerGroup);
      return group * inputsPerGroup + (Math.floor(i / kernel) % inputsPerGroup);
    };
    editor.setInitializer(
      next,
      map(next.constant!, (value, i) => value / factors[inputOf(i)]!),
    );
    chains++;
  }
  return chains;
}

function convBehindRelu(first: Node): Node | null {
  const relu = onlyReader(first);
  const second = relu?.is("Relu") ? onlyReader(relu) : null;
  return second?.is("Conv") && second.input === relu!.output ? second : null;
}

function onlyReader({ output }: Node): Node | null {
  return output.uses.size === 1 && !output.isGraphOutput ? [...output.uses][0]!.node : null;
}

/** Whether weight and bias are constants that no other node reads. */
function hasOwnData(conv: Node): boolean {
  return conv.inputs.slice(1).every((value) => !value || (value.constant !== null && value.uses.size === 1));
}

/** Numbers in [0, 1) that depend on the seed only: a linear congruential generator modulo 2^32. */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
