import { arm } from "@lowbit/backend-arm";
import { x86 } from "@lowbit/backend-x86";
import { whatRan, type KernelRun } from "@lowbit/runtime";
import { expect, test } from "vitest";
import { total } from "./check.ts";
import { compiledSubjects } from "./compiled-subjects.ts";
import { observeHere } from "./observe-here.testing.ts";
import { judge } from "./prove.ts";
import { thisCpu } from "./this-cpu.ts";

const cpu = thisCpu();

/** Conversions at the ends of a graph, and what follows an integer product that ends in floats. */
const mayReadFloats = new Set(["QuantizeLinear", "Add", "Relu", "Clip"]);

/** Other kernels on floats. The first operand of a QLinearConcat is a scale. */
function onFloats(kernels: readonly KernelRun[]): readonly string[] {
  return kernels.flatMap(({ op, inputs }) =>
    inputs[0]?.dtype === "float" && op !== "QLinearConcat" && !mayReadFloats.has(op) ? [op] : [],
  );
}

test.skipIf(cpu === null)(
  "every form that the table of this CPU admits runs on integers once compiled, and as predicted",
  async () => {
    const backend = cpu!.backend === "x86" ? x86({ prefer: "integer" }) : arm({ prefer: "integer" });
    const subjects = await compiledSubjects(backend);
    expect(new Set(subjects.map(({ op }) => op))).toEqual(new Set(backend.capabilities.ops.map(({ op }) => op)));
    for (const subject of subjects) {
      const { counts, problems } = judge(subject, await observeHere(subject), cpu!.arithmetic);
      expect([subject.name, ...problems]).toEqual([subject.name]);
      expect(total(counts.values()).values).toBeGreaterThan(0);
      const kernels = await whatRan(subject.forms.qdq, subject.feeds[0]!);
      expect([subject.name, ...onFloats(kernels)]).toEqual([subject.name]);
    }
  },
  120_000,
);
