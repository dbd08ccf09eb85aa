import { cloneModel, newModel, parseGraph, printGraph, schemaOf, verifyModel, type Model } from "@lowbit/ir";
import {
  deployModel,
  floatPipeline,
  integerOperators,
  nodeOf,
  planText,
  quantizeModel,
  type QuantizedModel,
} from "@lowbit/quantize";
import { runPasses } from "@lowbit/rewrite";
import { Session } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import type { Backend } from "../backend.ts";
import { missingMembers } from "../missing-members.ts";
import { planProblems } from "../plan-problems.ts";
import { findUnits } from "../units.ts";
import { agreement, feedsOf } from "./agreement.ts";
import { conformanceCases } from "./cases.ts";
import { brokenSharing, danglingConversions } from "./conversions.ts";

/** What of the suite a backend sets for itself. */
export interface ConformanceOptions {
  /** More graphs, in the ONNX text form, by name; inputs need static float shapes. */
  readonly cases?: Readonly<Record<string, string>>;
  /**
   * Largest share of values in which ONNX Runtime and the interpreter may differ by a step. Default 0.002: kernels
   * multiply where QuantizeLinear divides, so values halfway between two codes may fall to either side.
   */
  readonly differing?: number;
  /** Most steps between them. Default 1; more where a device rounds otherwise than ONNX Runtime in several kernels on end. */
  readonly steps?: number;
}

/**
 * The tests that every backend passes, to be called in a vitest file: its plans are legal by its table and explain what
 * stays float; its models are valid, load and run on ONNX Runtime, and agree there with the reference interpreter under
 * the backend's arithmetic; shared parameters stay equal; no conversion is left without a purpose.
 */
export function conformance(backend: Backend, options: ConformanceOptions = {}): void {
  describe(`backend ${backend.name}`, () => {
    const missing = missingMembers(backend);
    test("has the members of a backend", () => {
      expect(missing).toEqual([]);
    });
    // Without them every other test would fail for a reason of its own.
    if (missing.length > 0) return;
    describeTable(backend);
    const cases = Object.entries({ ...conformanceCases, ...options.cases });
    describe.each(cases)("%s", (_, text) => {
      describePlan(backend, text);
      describeModel(backend, text, { differing: options.differing ?? 0.002, steps: options.steps ?? 1 });
    });
  });
}

function describeTable({ capabilities: { activation, weight, ops } }: Backend): void {
  describe("its capability table", () => {
    test("names ops that lowbit knows", () => {
      expect(ops.filter(({ op, domain }) => !schemaOf(op, domain ?? "")).map(({ op }) => op)).toEqual([]);
    });

    test("has kernels that take the codes of its activations", () => {
      const strangers = ops.filter(({ activations }) => !activations.includes(activation.dtype));
      expect(strangers.map(({ op }) => op)).toEqual([]);
    });

    test("has kernels that take the codes of its weights, with their granularity", () => {
      const strangers = ops.filter(
        ({ weights }) =>
          weights && !(weights.dtypes.includes(weight.dtype) && weights.granularities.includes(weight.granularity)),
      );
      expect(strangers.map(({ op }) => op)).toEqual([]);
    });
  });
}

function describePlan(backend: Backend, text: string): void {
  const { quantizer, capabilities } = backend;
  const optimized = (): Model => {
    const model = newModel(parseGraph(text));
    runPasses(model, floatPipeline(backend));
    return model;
  };

  test("gets a plan that the table allows", () => {
    expect(planProblems(quantizer.annotate(optimized().graph), capabilities)).toEqual([]);
  });

  test("gets the same plan again, and stays as it is", () => {
    const { graph } = optimized();
    const before = printGraph(graph);
    const plan = planText(quantizer.annotate(graph));
    expect([planText(quantizer.annotate(graph)), printGraph(graph)]).toEqual([plan, before]);
  });

  test("hears a reason for each op that has no kernel or stays float", () => {
    const { graph } = optimized();
    const { skipped, specs } = quantizer.annotate(graph);
    const { units, unsupported } = findUnits(graph, capabilities);
    const explained = new Set(skipped.filter(({ reason }) => reason.trim() !== "").map(({ node }) => node));
    const coded = new Set([...specs.keys()].map(nodeOf));
    const silent = [
      ...[...unsupported.keys()].filter((node) => !explained.has(node)),
      ...units
        .filter(({ anchor, nodes }) => !explained.has(anchor) && !nodes.some((node) => coded.has(node)))
        .map(({ anchor }) => anchor),
    ];
    expect(silent.map(({ label }) => label)).toEqual([]);
  });

  test("stays float as a whole when the user says so", () => {
    const { graph } = optimized();
    expect([...quantizer.annotate(graph, { keepFloat: ["*"] }).specs.keys()]).toEqual([]);
  });
}

function describeModel(
  backend: Backend,
  text: string,
  most: { readonly differing: number; readonly steps: number },
): void {
  let made: Promise<QuantizedModel> | null = null;
  const quantized = (): Promise<QuantizedModel> => {
    const model = newModel(parseGraph(text));
    const data = [0, 1, 2, 3].map((index) => feedsOf(model, index));
    return (made ??= quantizeModel(model, { backend, data }));
  };

  test("becomes a valid model with the same inputs and outputs, which ONNX Runtime loads", async () => {
    const { model, optimized } = await quantized();
    expect(verifyModel(model)).toEqual([]);
    const ports = ({ graph }: Model): readonly string[] =>
      [...graph.inputs, ...graph.outputs].map(({ name, dtype }) => `${name}: ${dtype}`);
    expect(ports(model)).toEqual(ports(optimized));
    await (await Session.create(cloneModel(model))).release();
  });

  test("gives on ONNX Runtime what the interpreter gives, up to a rare last step", async () => {
    const { model, prepared } = await quantized();
    const integers = deployModel(prepared, { ...backend, lower: [...backend.lower, integerOperators] }).model;
    const found = await agreement(model, integers, backend.arithmetic);
    expect(found.steps).toBeLessThanOrEqual(most.steps);
    expect(found.differing / found.values).toBeLessThanOrEqual(most.differing);
  });

  test("keeps the parameters where values are only moved", async () => {
    expect(brokenSharing((await quantized()).model.graph)).toEqual([]);
  });

  test("has no conversion without a purpose", async () => {
    expect(danglingConversions((await quantized()).model.graph)).toEqual([]);
  });
}
