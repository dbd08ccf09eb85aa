import { Tensor, tensorType, type Graph, type Value } from "@lowbit/ir";
import { int64Tensor } from "../arrays/elements.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { concatenate, sliceAxis } from "./joining.ts";

function body(call: KernelCall, name: string): Graph {
  return call.node.subgraph(name) ?? call.fail(`has no graph attribute "${name}"`);
}

const conditional: Kernel = (call) => {
  const chosen = call.scalar(0) !== 0 ? "then_branch" : "else_branch";
  return call.runBody(body(call, chosen), []);
};

/** Runs the body while its condition holds and the trip count lasts; scan outputs are stacked along a new first axis. */
const loop: Kernel = (call) => {
  const graph = body(call, "body");
  const trips = call.optionalScalar(0) ?? Infinity;
  let condition = call.optionalScalar(1) ?? 1;
  let carried: readonly Tensor[] = call.inputs.slice(2).map((_, i) => call.tensor(i + 2));
  const count = carried.length;
  const scans: Tensor[][] = graph.outputs.slice(1 + count).map(() => []);
  for (let trip = 0; trip < trips && condition !== 0; trip++) {
    const results = call.runBody(graph, [int64Tensor([trip], []), Tensor.scalar("bool", condition), ...carried]);
    const [goesOn] = results[0]!.numbers();
    condition = goesOn ?? call.fail("the body returned an empty condition");
    carried = results.slice(1, 1 + count);
    for (const [i, scan] of scans.entries()) scan.push(results[1 + count + i]!);
  }
  return [...carried, ...scans.map((parts, i) => stack(call, parts, 0, graph.outputs[1 + count + i]!))];
};

/** Runs the body once per slice of the scan inputs; state flows from one run to the next. */
const scan: Kernel = (call) => {
  const graph = body(call, "body");
  const inputCount = call.node.int("num_scan_inputs", 1);
  const stateCount = call.inputs.length - inputCount;
  const scanned = Array.from({ length: inputCount }, (_, i) => {
    const tensor = call.tensor(stateCount + i);
    return {
      tensor,
      axis: call.axis(call.node.ints("scan_input_axes", [])[i] ?? 0, tensor.dims.length),
      backward: call.node.ints("scan_input_directions", [])[i] === 1,
    };
  });
  const outputCount = graph.outputs.length - stateCount;
  const collected: Tensor[][] = Array.from({ length: outputCount }, () => []);
  let state: readonly Tensor[] = Array.from({ length: stateCount }, (_, i) => call.tensor(i));
  const length = scanned[0]!.tensor.dims[scanned[0]!.axis]!;
  for (let step = 0; step < length; step++) {
    const slices = scanned.map(({ tensor, axis, backward }) => {
      const slice = sliceAxis(tensor, axis, backward ? length - 1 - step : step, 1);
      return slice.reshape(slice.dims.toSpliced(axis, 1));
    });
    const results = call.runBody(graph, [...state, ...slices]);
    state = results.slice(0, stateCount);
    for (const [i, parts] of collected.entries()) parts.push(results[stateCount + i]!);
  }
  const stacked = collected.map((parts, i) => {
    if (call.node.ints("scan_output_directions", [])[i] === 1) parts.reverse();
    const axis = call.node.ints("scan_output_axes", [])[i] ?? 0;
    return stack(call, parts, axis, graph.outputs[stateCount + i]!);
  });
  return [...state, ...stacked];
};

/** Equal-shaped tensors along a new axis; no tensors give an empty one of the body output's declared type. */
function stack(call: KernelCall, parts: readonly Tensor[], axis: number, output: Value): Tensor {
  const first = parts[0];
  if (!first) {
    const type = output.type?.kind === "tensor" ? output.type : tensorType("float", []);
    const dims = (type.shape ?? []).map((dim) => (typeof dim === "number" ? dim : 0));
    return Tensor.of(type.dtype, [], [0, ...dims]);
  }
  const at = call.axis(axis, first.dims.length + 1);
  const raised = parts.map((part) => part.reshape(part.dims.toSpliced(at, 0, 1)));
  return concatenate(raised, at) ?? call.fail("the body's scan outputs change shape between iterations");
}

/** Ops with bodies. */
export const controlFlowKernels = {
  If: conditional,
  Loop: loop,
  Scan: scan,
} satisfies Readonly<Record<string, Kernel>>;
