import { elementCount, type Node, type Value } from "@lowbit/ir";
import { block } from "../placement/blocked-layout.ts";
import { floatConvolution, keepBlocks, poolBlocks } from "./float-convolution.ts";

/** Nodes that make one image out of another, and that can do so for two as one. */
export interface PairRegion {
  /** In the order of the graph. */
  readonly nodes: readonly Node[];
  readonly exit: Value;
  /** What pairs save per image, in blocks of products: some 0.3 ns each. */
  readonly saved: number;
}

/** What one pass over a block of an image costs, in blocks of products. */
const passing = 8;

/** What an image costs per element where their number is open: all are copied, in case that one more must stand behind them. */
const evening = 1;

/**
 * The nodes from an input on with which pairs save the most, up to a value that all later ones read alone; null where they
 * save nothing.
 *
 * @param isOpen whether the number of images may be odd
 */
export function pairRegion(input: Value, nodes: Iterable<Node>, isOpen: boolean): PairRegion | null {
  const paired = new Set([input]);
  // What is still to be read, and by how many nodes.
  const open = new Map([[input, readersOf(input)]]);
  const region: Node[] = [];
  let saved = isOpen ? -evening * (elementCount(input.shape!.slice(1)) ?? Infinity) : 0;
  let best: Omit<PairRegion, "nodes"> & { readonly length: number } = { exit: input, saved: 0, length: 0 };
  for (const node of nodes) {
    const read = new Set(node.inputs.filter((value) => value !== null && paired.has(value)));
    if (read.size === 0) continue;
    if (!canPair(node, (value) => paired.has(value))) break;
    region.push(node);
    saved += work(node, input, 1) - work(node, input, 2);
    for (const value of read) {
      const left = open.get(value!)! - 1;
      if (left === 0) open.delete(value!);
      else open.set(value!, left);
    }
    const { output } = node;
    paired.add(output);
    if (readersOf(output) > 0) open.set(output, readersOf(output));
    if (open.size > 1 || !open.has(output) || output.isGraphOutput) continue;
    const net = saved - parting(output, input);
    if (net > best.saved) best = { exit: output, saved: net, length: region.length };
  }
  return best.length > 0 ? { exit: best.exit, saved: best.saved, nodes: region.slice(0, best.length) } : null;
}

/** How many nodes read a value; what the graph returns is read by one more. */
function readersOf(value: Value): number {
  return value.users.length + (value.isGraphOutput ? 1 : 0);
}

/** Whether an op treats images one by one and, without weights, channels alike; all its images are paired. */
function canPair(node: Node, isPaired: (value: Value) => boolean): boolean {
  const known = (value: Value | null): value is Value => value !== null && isPaired(value) && isImage(value);
  if (!isImage(node.outputs[0] ?? null)) return false;
  if (node.is("Clip")) return known(node.input);
  if (floatConvolution(node)) return known(node.input);
  if (node.domain !== "" || node.outputs.length > 1) return false;
  if (poolBlocks.has(node.op)) return known(node.input);
  return (
    keepBlocks.has(node.op) && node.inputs.every((value) => known(value) && value.shape![1] === node.output.shape![1])
  );
}

/**
 * What it costs to take pairs apart, per image: channels are brought in order, parted, and put back into blocks. Few of them
 * stay in order, which only convolutions can read, some half as fast.
 */
function parting(value: Value, input: Value): number {
  const moved = 2 * passes(value, 2);
  if ((value.shape![1] as number) % block === 0) return moved;
  return value.users.reduce((sum, node) => {
    const convolution = floatConvolution(node);
    if (convolution && !convolution.isDepthwise) return sum + work(node, input, 1) / 2;
    return canPair(node, () => true) ? Infinity : sum;
  }, moved);
}

function isImage(value: Value | null): boolean {
  return value?.shape?.length === 4 && value.shape.slice(1).every((size) => typeof size === "number" && size > 0);
}

/** Blocks of products that a node takes per image, so many of which are one. */
function work(node: Node, input: Value, together: number): number {
  const convolution = floatConvolution(node);
  if (!convolution)
    return Math.max(
      ...[...node.inputs, node.output].map((value) => (value && isImage(value) ? passes(value, together) : 0)),
    );
  const { weight, isDepthwise } = convolution;
  const [, channels, ...window] = weight.dims as [number, number, ...number[]];
  const results = (positions(node.output) * blocks(node.output, together)) / together;
  // The first convolution reads few channels as they are.
  const isFirst = node.input === input && together * channels < block;
  const read = isDepthwise ? 1 : isFirst ? together * channels : block * blocks(node.input, together);
  return results * read * elementCount(window)!;
}

/** One pass over an image. */
function passes(value: Value, together: number): number {
  return (passing * positions(value) * blocks(value, together)) / together;
}

function blocks({ shape }: Value, together: number): number {
  return Math.ceil((together * (shape![1] as number)) / block);
}

function positions({ shape }: Value): number {
  return elementCount(shape!.slice(2))!;
}
