/**
 * Proves on ONNX Runtime's kernels that the reference interpreter computes what they compute, bit by bit, for every op of
 * the backends' capability tables and for all models of the materials: on this CPU, on emulated ARM64 CPUs, and on an
 * emulated x86-64 CPU without VNNI. `npm run test:kernels`; the last line is `N passed, N failed`.
 */
import { join } from "node:path";
import { arm } from "@lowbit/backend-arm";
import type { Backend } from "@lowbit/backend-kit";
import { x86 } from "@lowbit/backend-x86";
import { avx2Arithmetic, floatArithmetic, type IntegerArithmetic } from "@lowbit/reference";
import { materialsFolder } from "@lowbit/test-models";
import { merged, total, type Counts } from "./check.ts";
import { differences, formedKernels } from "./formed-kernels.ts";
import { emulatedMachines, type ArmMachines } from "./emulators.ts";
import { native, type Machine } from "./machine.ts";
import { materialSubject, modelFiles, onePerNetwork } from "./material-subjects.ts";
import { compiledSubjects } from "./compiled-subjects.ts";
import { formsIn, formsOf } from "./op-forms.ts";
import { opGraphs } from "./op-graphs/all.ts";
import { graphsFor, opSubjects, thoroughSubjects } from "./op-subjects.ts";
import { differingOutputs, judge, observe, sameBits, valuesOf, type Observed, type Verdict } from "./prove.ts";
import { Report } from "./report.ts";
import type { Subject } from "./subject.ts";
import { thisCpu } from "./this-cpu.ts";

const report = new Report();
const materials = materialsFolder();
const files = materials === null ? [] : modelFiles(join(materials, "models"));
if (materials === null) report.skip("the real models", "there is no ../shared/materials beside the repository");

const integerX86 = x86({ prefer: "integer" });
const integerArm = arm({ prefer: "integer" });
const integerQnnpack = arm({ prefer: "integer", features: ["qnnpack"] });
const integerDotprod = arm({ prefer: "integer", features: ["dotprod"] });
const integerAvx2 = x86({ prefer: "integer", features: ["avx2"] });
/** For graphs whose weights are made here and are as large as the range allows. */
const sevenBits = x86({ prefer: "integer", features: ["avx2"], reduceRange: "all" });

proveTables();
const cpu = thisCpu();
if (cpu) await proveNative(cpu);
else report.skip("this CPU", `no backend is for ${process.arch}`);
const emulated = emulatedMachines();
if ("missing" in emulated) {
  report.skip("ARM64 (plain NEON, dot products, i8mm)", emulated.missing);
  report.skip("AVX2 without VNNI", emulated.missing);
} else {
  await proveArm(emulated.machines.arm);
  await proveAvx2(emulated.machines.avx2);
}
process.exitCode = report.close();

/** Every op of the capability tables must have a kernel for some graph, and a graph for each of its forms. */
function proveTables(): void {
  report.heading("Capability tables");
  const known = new Set(opGraphs.flatMap(formsIn));
  for (const backend of [integerX86, integerAvx2, integerArm, integerDotprod, integerQnnpack]) {
    const ops = [...new Set(backend.capabilities.ops.map(({ op }) => op))];
    const graphs = graphsFor(backend);
    const forms = ops.flatMap(formsOf);
    const admitted = new Set(graphs.flatMap(formsIn));
    const on = forms.filter((form) => admitted.has(form)).length;
    report.line(
      `  ${backend.name}: ${ops.length} ops in ${forms.length} forms, ${on} of them with a kernel, by ${graphs.length} graphs`,
    );
    report.add(`the table of ${backend.name}`, [
      ...ops.filter((op) => !graphs.some((graph) => graph.op === op)).map((op) => `no graph is about ${op}`),
      ...forms.filter((form) => !known.has(form)).map((form) => `no graph has ${form}`),
    ]);
  }
}

async function proveNative({ backend, name, arithmetic }: NonNullable<typeof cpu>): Promise<void> {
  const [integer, speed] = backend === "x86" ? [integerX86, x86()] : [integerArm, arm()];
  const subjects = [...(await formsOn(integer)), ...(await quantized(integer, files))];
  const faster = await quantized(speed, onePerNetwork(files));
  report.heading(`${integer.name} on ${name}: ${count(subjects)}, and ${faster.length} models for speed`);
  const all = [...subjects, ...faster.map((each) => ({ ...each, name: `${each.name} for speed` }))];
  conclude(name, all, observe(native, all), arithmetic);
  if (backend === "x86") await compareWithQnnpack();
}

/** ONNX Runtime has no kernels that round as QNNPACK does: counts where its codes differ, node by node. */
async function compareWithQnnpack(): Promise<void> {
  const subjects = [...(await formsOn(integerQnnpack)), ...(await quantized(integerQnnpack, onePerNetwork(files)))];
  report.heading(`arm:qnnpack on ONNX Runtime: ${count(subjects)}`);
  const observed = observe(native, subjects);
  // Weights of uint8 take kernels that add exactly with and without VNNI.
  const verdicts = subjects.map((subject, i) => judge(subject, observed[i]!, floatArithmetic));
  for (const [i, { problems }] of verdicts.entries()) {
    report.add(`arm:qnnpack with float multipliers, ${subjects[i]!.name}`, problems);
  }
  report.counts(verdicts.map((verdict) => verdict.counts));
  const counts = merged(subjects.map((subject, i) => judge(subject, observed[i]!, integerQnnpack.arithmetic).counts));
  const { values, differing } = total(counts.values());
  report.line(`  QNNPACK's own rounding gives another code in ${differing} of ${values} values.`);
}

async function proveArm({ plain, dotProducts }: ArmMachines): Promise<void> {
  const models = onePerNetwork(files);
  const subjects = [...(await emulatedFormsOn(integerArm)), ...(await quantized(integerArm, models))];
  report.heading(`arm on ${plain.name}: ${count(subjects)}`);
  const observed = observe(plain, subjects);
  conclude(plain.name, subjects, observed, integerArm.arithmetic);
  proveThatItCanFail(subjects, observed);
  proveWhatVerifyTells(plain, integerArm, subjects);

  const faster = [...(await emulatedFormsOn(integerDotprod)), ...(await quantized(integerDotprod, models))];
  let before: { readonly observed: readonly Observed[]; readonly verdicts: readonly Verdict[] } | null = null;
  for (const machine of dotProducts) {
    report.heading(`arm:dotprod on ${machine.name}: ${count(faster)}`);
    const seen = observe(machine, faster);
    const verdicts = conclude(machine.name, faster, seen, integerDotprod.arithmetic, before);
    before ??= { observed: seen, verdicts };
  }
  proveWhatPlainNeonLacks(plain);
}

/** What `lowbit verify` tells here of models for ARM64 is what the runtime forms there, kernel by kernel. */
function proveWhatVerifyTells(machine: Machine, backend: Backend, subjects: readonly Subject[]): void {
  const models = subjects.filter(({ op }) => op === undefined);
  const [there, here] = [formedKernels(machine, models), formedKernels(native, models, backend.runtimeConfig)];
  for (const [i, { name }] of models.entries()) {
    report.add(`kernels of ${name} there and as told here`, differences(there[i]!, here[i]!));
  }
  const shares = there.map(({ integerShare }) => integerShare);
  const all = shares.filter((share) => share >= 0.99).length;
  report.line(`  ${all} of ${models.length} models run at least 99 % of their products on integers there.`);
}

/** The comparison must be able to fail: x86 rounds sums otherwise. */
function proveThatItCanFail(subjects: readonly Subject[], observed: readonly Observed[]): void {
  const sums = subjects.flatMap((subject, i) =>
    subject.op === "Add" ? [judge(subject, observed[i]!, floatArithmetic)] : [],
  );
  const differing = sums.filter(({ problems }) => problems.length > 0).length;
  report.line(`  With the arithmetic of x86 instead, ${differing} of ${sums.length} graphs with Add differ.`);
  report.add("the arithmetic of x86 is told from that of ARM64", differing > 0 ? [] : ["no value differs"]);
}

/** The reason why `arm` has no integer product of two activations. */
function proveWhatPlainNeonLacks(plain: Machine): void {
  const without = new Set(graphsFor(integerArm));
  const names = graphsFor(integerDotprod).filter((graph) => !without.has(graph));
  const subjects = thoroughSubjects(integerDotprod).filter(({ name }) =>
    names.some((graph) => name.startsWith(graph.title)),
  );
  const observed = observe(plain, subjects);
  const wrong = subjects.filter(
    (subject, i) => judge(subject, observed[i]!, integerArm.arithmetic).problems.length > 0,
  );
  report.line(`  What arm leaves float: ${wrong.length} of ${subjects.length} graphs are wrong on ${plain.name}.`);
  report.add(
    "what plain NEON lacks",
    wrong.length > 0 ? [] : ["all graphs are right there, so nothing need stay float"],
  );
}

async function proveAvx2(machine: Machine): Promise<void> {
  const models = onePerNetwork(files);
  const safe = [...(await emulatedFormsOn(sevenBits)), ...(await quantized(integerAvx2, models))];
  report.heading(`x86:avx2 on ${machine.name}: ${count(safe)}`);
  const observed = observe(machine, safe);
  conclude(machine.name, safe, observed, floatArithmetic);
  compareWithNative("x86:avx2", safe, observed, (differing) => differing === 0);

  const full = [...(await emulatedFormsOn(integerX86)), ...(await quantized(integerX86, models))];
  report.heading(`x86 (weights of 8 bits) on ${machine.name}, as its saturating sums are simulated: ${count(full)}`);
  const saturated = observe(machine, full);
  conclude(machine.name, full, saturated, avx2Arithmetic);
  compareWithNative("x86 (weights of 8 bits)", full, saturated, (differing) => differing > 0);
}

/** Prints in how many values a machine without VNNI differs from this CPU. */
function compareWithNative(
  name: string,
  subjects: readonly Subject[],
  observed: readonly Observed[],
  holds: (differing: number) => boolean,
): void {
  if (cpu?.arithmetic !== floatArithmetic) {
    return report.skip(`${name} with and without VNNI`, "this CPU has no VNNI to compare with");
  }
  const here = observe(native, subjects);
  let [differing, values] = [0, 0];
  for (const [i, subject] of subjects.entries()) {
    const own = observed[i]!.qdq.reduce((sum, outputs, j) => sum + differingOutputs(outputs, here[i]!.qdq[j]!), 0);
    differing += own;
    values += valuesOf(observed[i]!);
    if (subject.op === undefined && own > 0) {
      report.line(`  ${subject.name}: ${own} of ${valuesOf(observed[i]!)} values differ from VNNI`);
    }
  }
  report.line(`  ${name}: ${differing} of ${values} values differ between AVX2 and VNNI.`);
  report.add(`${name} with and without VNNI`, holds(differing) ? [] : [`${differing} of ${values} values differ`]);
}

/** Judges what a machine gave; subjects with the same bits as on a machine before are judged as there. */
function conclude(
  machine: string,
  subjects: readonly Subject[],
  observed: readonly Observed[],
  arithmetic: IntegerArithmetic,
  before: { readonly observed: readonly Observed[]; readonly verdicts: readonly Verdict[] } | null = null,
): readonly Verdict[] {
  const verdicts = subjects.map((subject, i) =>
    before && sameBits(before.observed[i]!, observed[i]!)
      ? before.verdicts[i]!
      : judge(subject, observed[i]!, arithmetic),
  );
  for (const [i, { problems }] of verdicts.entries()) report.add(`${machine}, ${subjects[i]!.name}`, problems);
  report.counts(verdicts.map(({ counts }): Counts => counts));
  return verdicts;
}

/** All forms of the ops of a backend's table: between codes made for the purpose, and as it compiles them. */
async function formsOn(backend: Backend): Promise<readonly Subject[]> {
  return [...opSubjects(backend), ...(await compiledSubjects(backend))];
}

/** The same where a machine is emulated, for which graphs made for the purpose are only those that take different kernels. */
async function emulatedFormsOn(backend: Backend): Promise<readonly Subject[]> {
  return [...thoroughSubjects(backend), ...(await compiledSubjects(backend))];
}

async function quantized(backend: Backend, paths: readonly string[]): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const path of paths) {
    const subject = await materialSubject(join(materials!, "models"), path, backend);
    if (typeof subject !== "string") subjects.push(subject);
    else report.line(`  ${path} is left out for ${backend.name}: ${subject}`);
  }
  return subjects;
}

function count(subjects: readonly Subject[]): string {
  const graphs = subjects.filter(({ op }) => op !== undefined).length;
  return `${graphs} graphs of one op, ${subjects.length - graphs} models`;
}
