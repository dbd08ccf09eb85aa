import { kernelOp, type Backend } from "@lowbit/backend-kit";
import { CompileError, loadModel, type Diagnostic, type Model, type Value } from "@lowbit/ir";
import type { QuantizationMode, Skipped } from "@lowbit/quantize";
import { integerShare, whatRan, type SessionOptions } from "@lowbit/runtime";
import type { Dataset, Sparsity } from "@lowbit/train";
import { inFile } from "../deployed-file.ts";
import { refusedMadeUpInputs } from "../diagnostics.ts";
import { modelFileBytes } from "../model-file-bytes.ts";
import { runtimeConfigOf } from "../backends/runtime-config.ts";
import { sampleOf } from "../sample-feeds.ts";
import { saveOrRescue } from "./save-or-rescue.ts";
import { bytesText, countText, percentText, plural } from "./format/quantities.ts";

/** What `quantize` and `train` tell about the model they wrote. */
export interface IntegerResult {
  readonly output: string;
  /** Null for a float model. */
  readonly backend: string | null;
  /** Of the file written, and of the model it was made from; data files included. */
  readonly bytes: number;
  readonly otherBytes: number;
  /** Share of multiply-accumulates that ONNX Runtime ran on integers, 0 to 1; null where it runs on no made-up inputs. */
  readonly integerMacs: number | null;
  /** How many weights are stored as codes, to be read by a DequantizeLinear or by a kernel of their own. */
  readonly codedWeights: number;
  readonly skipped: readonly { readonly node: string; readonly op: string; readonly reason: string }[];
  readonly diagnostics: readonly Diagnostic[];
  /** Weights that are zero, where pruning was asked for. */
  readonly sparsity?: Sparsity;
}

/** A model about to be written, and where it came from. */
export interface NewModel {
  readonly model: Model;
  readonly backend: Backend | null;
  readonly skipped: readonly Skipped[];
  readonly diagnostics: readonly Diagnostic[];
  readonly otherBytes: number;
  readonly sparsity?: Sparsity | null;
}

/**
 * Runs a new model on one sample (made up where there is no data) to see what the runtime makes of it, then writes it. One
 * that loads and only refuses what was made up, or whose profile the disk has no room for, is written all the same, with a
 * warning.
 *
 * @throws CompileError `runtime/…` when it does not run: then nothing is written; `file/write`
 */
export async function writeAndTell(
  made: NewModel,
  output: string,
  data: Dataset | null,
  threads: number | undefined,
  report: (finding: Diagnostic) => void,
): Promise<IntegerResult> {
  const options = { ...runtimeConfigOf(made.backend), ...(threads === undefined ? {} : { threads }) };
  const { integerMacs, warnings } = await ranOnIntegers(inFile(made.model), data, options);
  for (const warning of warnings) report(warning);
  saveOrRescue(made.model, output);
  return {
    output,
    backend: made.backend?.name ?? null,
    bytes: modelFileBytes(output, loadModel(output)),
    otherBytes: made.otherBytes,
    integerMacs,
    codedWeights: codedWeights(made.model),
    skipped: made.skipped.map(({ node, reason }) => ({ node: node.label, op: kernelOp(node).op, reason })),
    diagnostics: [...made.diagnostics, ...warnings],
    ...(made.sparsity ? { sparsity: made.sparsity } : {}),
  };
}

async function ranOnIntegers(
  model: Model,
  data: Dataset | null,
  options: SessionOptions,
): Promise<Pick<IntegerResult, "integerMacs"> & { readonly warnings: readonly Diagnostic[] }> {
  const feeds = await sampleOf(model, data);
  try {
    const kernels = await whatRan(model, feeds, options);
    return { integerMacs: integerShare(kernels), warnings: [] };
  } catch (error) {
    const warning = unknownKernels(error) ?? (data === null ? refusedMadeUpInputs(error, "warning") : null);
    if (!warning) throw error;
    return { integerMacs: null, warnings: [warning] };
  }
}

/** What ran cannot be told, which is no reason to lose a model that was made for hours; null for any other error. */
function unknownKernels(error: unknown): Diagnostic | null {
  if (!(error instanceof CompileError) || error.diagnostic.code !== "runtime/profile") return null;
  return { ...error.diagnostic, severity: "warning" };
}

function codedWeights({ graph }: Model): number {
  const isCode = (value: Value): boolean => ["int8", "uint8", "int4", "uint4"].includes(value.dtype ?? "");
  // Zero points of blocks have the rank of a weight.
  const isData = ({ uses }: Value): boolean =>
    [...uses].some(({ node, index }) => !(node.is("DequantizeLinear") && index === 2));
  return [...graph.initializers].filter((value) => isCode(value) && isData(value) && (value.shape?.length ?? 0) > 1)
    .length;
}

/** The result in words. */
export function integerResultText(result: IntegerResult, mode: QuantizationMode = "static"): string {
  const { output, bytes, otherBytes, integerMacs, skipped, backend } = result;
  const ratio = otherBytes / bytes;
  const size = `${bytesText(otherBytes)} -> ${bytesText(bytes)}`;
  const first = `${output}: ${size}${ratio > 1.05 ? `, ${ratio.toFixed(1)} times smaller` : ""}`;
  const zeros = result.sparsity ? [sparsityText(result.sparsity)] : [];
  if (backend === null) return [first, ...zeros].join("\n");
  return [
    first,
    ...zeros,
    mode === "weight-only"
      ? result.codedWeights > 0
        ? `${plural(result.codedWeights, "weight")} stored as codes; all products compute in float`
        : "no weights are stored as codes"
      : integerMacs === null
        ? `how much runs on integers (${backend}) is not known`
        : `${percentText(integerMacs)} of the multiply-accumulates run on integers (${backend})${
            integerMacs === 0 && result.codedWeights > 0
              ? `; ${plural(result.codedWeights, "weight")} stored as codes multiply in float`
              : ""
          }`,
    ...(skipped.length > 0 ? ["stays float:", ...skippedLines(skipped)] : []),
  ].join("\n");
}

function sparsityText({ zeros, size, weights }: Sparsity): string {
  const patterned = weights.filter(({ twoOfFour }) => twoOfFour).length;
  const pattern = patterned > 0 ? `; ${patterned} of ${weights.length} tensors have the 2:4 pattern` : "";
  return `${percentText(zeros / size, 1)} of the weights are zero${pattern}`;
}

/** Most reasons that are told in words. */
const mostReasons = 12;

/** One line per reason; of many reasons only those of the most nodes. */
export function skippedLines(skipped: IntegerResult["skipped"]): readonly string[] {
  const byReason = new Map<string, { readonly ops: Set<string>; readonly nodes: string[] }>();
  for (const { node, op, reason } of skipped) {
    const group = byReason.get(reason) ?? { ops: new Set(), nodes: [] };
    group.ops.add(op);
    group.nodes.push(node);
    byReason.set(reason, group);
  }
  const groups = [...byReason];
  const largest = groups.toSorted(([, a], [, b]) => b.nodes.length - a.nodes.length);
  const told = new Set(groups.length > mostReasons ? largest.slice(0, mostReasons - 1) : groups);
  const others = groups.filter((group) => !told.has(group));
  const untold = others.reduce((sum, [, { nodes }]) => sum + nodes.length, 0);
  return [
    ...groups
      .filter((group) => told.has(group))
      .map(([reason, { ops, nodes }]) => `  ${[...ops].join(", ")}: ${reason} (${shortList(nodes)})`),
    ...(untold > 0 ? [`  ${countText(untold)} more nodes for ${others.length} other reasons, which --json tells`] : []),
  ];
}

/** The first names, and how many more there are. */
function shortList(names: readonly string[]): string {
  return names.length <= 3 ? names.join(", ") : `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}
