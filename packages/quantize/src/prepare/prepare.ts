import { GraphEditor, lowbitDomain, type Graph, type Node, type Use, type Value } from "@lowbit/ir";
import type { Ranges } from "../calibrate/ranges.ts";
import { cannotQuantize } from "../diagnostics.ts";
import { cloneWithPlan } from "../plan/clone-with-plan.ts";
import type { QuantPlan } from "../plan/plan.ts";
import { sourcesOf, type GroupSources } from "../plan/sources.ts";
import { sharingGroups, type SharingGroup, type SharingGroups } from "../plan/sharing.ts";
import { defaultEps, isUse, type OwnSpec, type QuantPoint } from "../plan/spec.ts";
import { addGroupParameters, codeAttributes, type GroupParameters } from "./group-parameters.ts";
import { observeGroup } from "./observe-group.ts";
import { roundBias } from "./round-bias.ts";

/** How a graph is prepared. */
export interface PrepareOptions {
  /**
   * `qat`: activation ranges follow the data while the graph trains. `static`: they stay as given, which is the graph
   * that post-training quantization converts and that simulates it.
   */
  readonly mode: "qat" | "static";
  /** Ranges from calibration, by points of the plan; `static` needs all of them, `qat` starts from those it gets. */
  readonly ranges?: Ranges;
  /** Weight of the newest batch in the moving average of `qat`. Default: 0.01. */
  readonly averagingConstant?: number;
}

/**
 * A copy of a graph with FakeQuantize wherever the plan says so. Activations get range buffers (`<value>.range.min` and
 * `.max`) that QuantizationParameters turns into scales; a step uses the ranges from before its own data. Weights are
 * scaled by their current range. Biases that are derived take the values they will have as integers in `static` mode; in
 * `qat` they stay float until `convert`, since a rounding of half an accumulator step has no gradient worth having.
 *
 * Ranges not known yet are +∞ and -∞: run a step that only observes before one that quantizes.
 *
 * @throws CompileError `quantize/never-observed` in `static` mode, `quantize/unsupported`, `quantize/plan-graph`
 */
export function prepare(graph: Graph, plan: QuantPlan, options: PrepareOptions): Graph {
  const cloned = cloneWithPlan(graph, plan);
  const groups = sharingGroups(cloned.plan);
  const ranges = new Map([...(options.ranges ?? [])].map(([point, range]) => [cloned.twin(point), range]));
  const editor = new GraphEditor(cloned.graph);
  const start = cloned.graph.nodes.first;
  const inserter = new Inserter(editor, groups, start);
  const points = [...cloned.plan.specs.keys()];
  const readers = new Map(points.flatMap((point) => (isUse(point) ? [] : [[point, new Set(point.uses)] as const])));
  const entries = groups.groups.flatMap((group) => {
    if (isCompositeWeight(group)) {
      for (const point of group.members) setCompositeWeight(editor, point as Use, group);
      return [];
    }
    const sources = sourcesOf(group, groups);
    const parameters = editor.rewriting("prepare", [], placeFor(group, start), () =>
      addGroupParameters(editor, group, sources, ranges.get(group.root) ?? null, options.mode === "qat"),
    );
    inserter.parameters.set(group, parameters);
    return [{ parameters, sources }];
  });
  for (const [value, uses] of readers) inserter.quantizeValue(value, uses);
  for (const point of points) if (isUse(point)) inserter.quantizeUse(point);
  if (options.mode === "static") {
    for (const [point, spec] of cloned.plan.specs) {
      if (spec.kind === "derived" && isUse(point)) roundBias(editor, point, spec, groups, inserter.parameters);
    }
  }
  if (options.mode === "qat") {
    for (const { parameters, sources } of entries) {
      if (parameters.range) observe(editor, parameters.range, sources, options.averagingConstant ?? 0.01, inserter);
    }
  }
  return cloned.graph;
}

/** Puts FakeQuantize nodes in place; a value that several readers see in the same form is quantized once. */
class Inserter {
  readonly parameters = new Map<SharingGroup, GroupParameters>();
  readonly #editor: GraphEditor;
  readonly #groups: SharingGroups;
  /** The quantized forms of a value made so far. */
  readonly #forms = new Map<Value, Map<SharingGroup, Value>>();
  /** What a FakeQuantize quantizes, by its result. */
  readonly #source = new Map<Value, Value>();

  /** The first node of the model, which stands behind all parameters. */
  readonly #start: Node | null;

  constructor(editor: GraphEditor, groups: SharingGroups, start: Node | null) {
    this.#editor = editor;
    this.#groups = groups;
    this.#start = start;
  }

  /** What was there before quantization. */
  unquantized(value: Value): Value {
    return this.#source.get(value) ?? value;
  }

  /** Lets `readers` of a value, and callers that get it, see its quantized form. */
  quantizeValue(value: Value, readers: ReadonlySet<Use>): void {
    const group = this.#groups.of(value);
    if (!group) return;
    const quantized = this.#fakeQuantize(value, group, value.producer ? value.producer.next : this.#start);
    this.#editor.replaceAllUses(value, quantized);
    for (const use of [...quantized.uses]) if (!readers.has(use)) this.#editor.replaceUse(use, value);
  }

  quantizeUse(use: Use): void {
    const group = this.#groups.of(use);
    const value = use.node.inputs[use.index];
    if (!group || !value || !this.parameters.has(group)) return;
    if (this.#form(value, group) === value) return;
    const quantized = this.#form(value, group) ?? this.#fakeQuantize(value, group, use.node);
    this.#editor.replaceUse(use, quantized);
  }

  #form(value: Value, group: SharingGroup): Value | undefined {
    return this.#forms.get(value)?.get(group);
  }

  #fakeQuantize(value: Value, group: SharingGroup, before: Node | null): Value {
    const editor = this.#editor;
    const { scale, zeroPoint, range } = this.parameters.get(group)!;
    const attributes = codeAttributes(group.spec);
    const isCovered = range === null && coversItsData(group.spec);
    const quantized = editor.rewriting("prepare", sourceNodes(value), before, () =>
      editor.op.FakeQuantize(
        [value, scale, zeroPoint],
        { ...attributes, ...(isCovered ? { covers_range: 1 } : {}) },
        { outputs: [editor.graph.names.fresh(`${value.name}_fq`)] },
      ),
    );
    const forms = this.#forms.get(value) ?? new Map<SharingGroup, Value>();
    this.#forms.set(value, forms.set(group, quantized));
    this.#forms.set(quantized, new Map([[group, quantized]]));
    this.#source.set(quantized, value);
    return quantized;
  }
}

/** Whether the largest element of some data, of either sign, has a code: then nothing is clipped. */
function coversItsData(spec: OwnSpec): boolean {
  return spec.kind === "observed" && spec.symmetric && spec.range[0] === -spec.range[1];
}

function observe(
  editor: GraphEditor,
  range: { readonly min: Value; readonly max: Value },
  sources: GroupSources,
  averagingConstant: number,
  inserter: Inserter,
): void {
  const values = [...sources.activations, ...sources.data].map((value) => inserter.unquantized(value));
  editor.rewriting("prepare", values.flatMap(sourceNodes), null, () =>
    observeGroup(editor, values, range, averagingConstant),
  );
}

function sourceNodes(value: Value): readonly Node[] {
  return value.producer ? [value.producer] : [];
}

/** Parameters stand before the model, but for those that are computed from the value that they are for. */
function placeFor({ spec, root }: SharingGroup, start: Node | null): Node | null {
  if (spec.kind !== "dynamic") return start;
  if (isUse(root)) return root.node;
  return root.producer ? root.producer.next : start;
}

/** Whether a group holds the weight of a Conv+BatchNormalization, which quantizes it by itself. */
function isCompositeWeight(group: SharingGroup): boolean {
  return group.members.some((point) => isUse(point) && isComposite(point.node) && point.index === 1);
}

function isComposite(node: Node): boolean {
  return node.is("ConvBatchNormalization", lowbitDomain);
}

function setCompositeWeight(editor: GraphEditor, use: QuantPoint, { spec }: SharingGroup): void {
  if (!isUse(use) || !isComposite(use.node)) {
    throw cannotQuantize(isUse(use) ? use.node : use.producer!, "it shares its weight with a folded normalization");
  }
  if (spec.kind !== "observed" || !spec.symmetric || spec.granularity.kind === "block") {
    throw cannotQuantize(
      use.node,
      "the weight before a BatchNormalization needs one symmetric scale, or one per channel",
    );
  }
  const { dtype, range, granularity, eps } = spec;
  editor.setAttribute(use.node, "weight_dtype", dtype);
  editor.setAttribute(use.node, "weight_qmin", range[0]);
  editor.setAttribute(use.node, "weight_qmax", range[1]);
  if (granularity.kind === "channel") editor.setAttribute(use.node, "weight_axis", granularity.axis);
  if (eps !== defaultEps) editor.setAttribute(use.node, "weight_eps", eps);
}
