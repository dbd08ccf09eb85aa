import { CompileError, convertOpset, GraphEditor, importModel, Tensor, type DType, type Graph } from "@lowbit/ir";
import { conformanceArchive, conformanceCases, conformanceTensor, type ConformanceCase } from "@lowbit/test-models";
import { expect, test } from "vitest";
import { evaluate } from "./evaluate.ts";
import { randomSource } from "./random-source.ts";

const archive = conformanceArchive();
const seed = 7;
const random = randomSource(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;

/** The same elements in another shape, or none. */
function otherShape(x: Tensor): Tensor {
  return pick([
    () => x.reshape([x.size]),
    () => x.reshape([...x.dims, 1]),
    () => x.reshape([1, ...x.dims]),
    () => Tensor.of(x.dtype, [], [0, ...x.dims.slice(1)]),
  ])();
}

/** Small elements of another dtype in the same shape. */
function otherDType(x: Tensor): Tensor {
  const dtype: DType = pick(["float", "double", "int8", "uint8", "int64"]);
  return Tensor.of(
    dtype,
    Array.from(x.numbers(), (element) => Math.max(0, Math.min(100, Math.trunc(element) || 0))),
    x.dims,
  );
}

/** Gives an integer attribute of some node another value, if there is one. */
function changeAttribute(graph: Graph): void {
  const found = [...graph.nodes].flatMap((node) =>
    [...node.attributes].flatMap(([name, { kind }]) =>
      kind === "int" || kind === "ints" ? [{ node, name, kind }] : [],
    ),
  );
  if (found.length === 0) return;
  const { node, name, kind } = pick(found);
  const value =
    kind === "int" ? pick([-3, -1, 0, 1, 2, 5, 100]) : { kind, value: pick([[], [0n], [-1n], [1n, 2n, 3n]]) };
  new GraphEditor(graph).setAttribute(node, name, value);
}

/** The error of running a case with one thing wrong; null when it ran or was refused with a diagnostic. */
function surprise(each: ConformanceCase): string | null {
  const model = importModel(each.model);
  const { graph } = model;
  const names = graph.inputs.map((value) => value.name);
  if (graph.inputs.some((value) => value.type?.kind !== "tensor" || value.dtype === "string")) return null;
  try {
    convertOpset(model);
    const fed = each.dataSets[0]!.inputs.map((bytes, i) => [names[i]!, conformanceTensor(bytes)] as const);
    const spoiled = Math.floor(random.next() * fed.length);
    const kind = pick(fed.length > 0 ? (["shape", "dtype", "attribute"] as const) : (["attribute"] as const));
    if (kind === "attribute") changeAttribute(graph);
    const feeds = fed.map(([name, tensor], i) => {
      if (kind === "attribute" || i !== spoiled) return [name, tensor] as const;
      new GraphEditor(graph).setType(graph.value(name)!, null);
      return [name, kind === "shape" ? otherShape(tensor) : otherDType(tensor)] as const;
    });
    evaluate(graph, new Map(feeds));
    return null;
  } catch (error) {
    return error instanceof CompileError ? null : `${each.name}: ${(error as Error).message}`;
  }
}

test.skipIf(archive === null)(
  `a wrong shape, dtype or attribute is refused with a diagnostic (seed ${seed})`,
  { timeout: 120_000 },
  () => {
    expect(conformanceCases(archive!).flatMap((each) => surprise(each) ?? [])).toEqual([]);
  },
);
