import { gradientRules, type GradientEntry } from "@lowbit/autodiff";
import { armCapabilities } from "@lowbit/backend-arm";
import type { Capability, CapabilityTable } from "@lowbit/backend-kit";
import { x86Capabilities } from "@lowbit/backend-x86";
import { Graph, Node, opSchemas, sinceOf, type OpName, type OpSchema } from "@lowbit/ir";
import { missingKernel } from "@lowbit/reference";

const domains = [
  { domain: "", title: "ONNX" },
  { domain: "com.microsoft", title: "ONNX Runtime (`com.microsoft`)" },
  { domain: "ai.onnx.preview.training", title: "Training (`ai.onnx.preview.training`)" },
  { domain: "lowbit", title: "lowbit" },
] as const;

const backends = [
  { name: "x86", table: x86Capabilities() },
  { name: "arm", table: armCapabilities(true) },
] as const;

const introduction = `# Ops

What lowbit knows of each op, generated from its tables by \`npm run docs:ops\`; a test checks that this page is up to date.
Ops that are not listed, and all ops of other domains, pass through untouched.

- **since**: the oldest opset in which the form that lowbit works on means the same; + where some attributes, operands or
  dtypes need a later one. Models of opset 6 and later are converted to this form.
- **inference**: types and shapes of the results, symbols included.
- **gradient**: yes; zero, when nothing flows back; straight-through, for ops that make codes; or why there is none.
- **reference**: whether the reference interpreter runs it, or why not.
- **x86**, **arm**: dtypes of the integer kernels that the backend quantizes it for, activations × weights. The conditions are
  in the last section.
`;

/** The page docs/ops.md. */
export function opMatrix(): string {
  const sections = domains.map(({ domain, title }) => {
    const ops = Object.entries(opSchemas)
      .filter(([, schema]) => schema.domain === domain)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `## ${title}\n\n${markdownTable(opColumns, ops.map(opRow))}`;
  });
  const kernels = backends.map(
    ({ name, table }) => `### ${name}\n\n${markdownTable(kernelColumns, table.ops.map(kernelRow))}`,
  );
  return [introduction, summary(), ...sections, "## Integer kernels\n", ...kernels].join("\n");
}

/** How many ops have what, in one sentence. */
function summary(): string {
  const ops = Object.entries(opSchemas) as [OpName, OpSchema][];
  const gradients = ops.map(([name]) => gradientText(gradientRules[name]));
  const count = (text: string): number => gradients.filter((each) => each === text).length;
  const kernels = ops.filter(([, schema]) => kernelText(schema) === "yes").length;
  return `${ops.length} ops have inference, ${kernels} of them a reference kernel; ${count("yes")} have a gradient, ${count("zero")} a gradient of zero and ${count("straight-through")} the straight-through one.\n`;
}

const opColumns = ["op", "since", "inference", "gradient", "reference", ...backends.map(({ name }) => name)];

function opRow([name, schema]: readonly [string, OpSchema]): readonly string[] {
  const integers = backends.map(({ table }) => integerText(table, schema));
  return [
    schema.op,
    sinceText(schema),
    "yes",
    gradientText(gradientRules[name as OpName]),
    kernelText(schema),
    ...integers,
  ];
}

function sinceText(schema: OpSchema): string {
  const fields = { op: schema.op, domain: schema.domain, name: "", attributes: new Map(), origin: null };
  return `${sinceOf(schema, new Node(new Graph(""), fields))}${typeof schema.since === "number" ? "" : "+"}`;
}

function kernelText({ op, domain }: OpSchema): string {
  const reason = missingKernel(op, domain);
  return reason === null ? "yes" : `no: ${reason}`;
}

function gradientText(entry: GradientEntry): string {
  if (typeof entry === "function") return "yes";
  switch (entry.kind) {
    case "codes":
      return "straight-through";
    case "zero":
      return "zero";
    case "none":
      return `no: ${entry.reason}`;
  }
}

function integerText(table: CapabilityTable, { op, domain }: OpSchema): string {
  const rows = table.ops.filter((row) => row.op === op && (row.domain ?? "") === domain);
  const texts = rows.map(({ activations, weights }) =>
    [activations, ...(weights ? [weights.dtypes] : [])].map((dtypes) => dtypes.join("/")).join(" × "),
  );
  return texts.join(", ");
}

const kernelColumns = ["op", "activations", "weights", "bias", "result", "merges", "conditions"];

function kernelRow(row: Capability): readonly string[] {
  return [
    row.op,
    row.activations.join(", "),
    row.weights ? `${row.weights.dtypes.join(", ")} per ${row.weights.granularities.join(" or ")}` : "",
    row.weights ? (row.bias ?? "float") : "",
    resultText(row),
    [...(row.fuses ?? []), ...(row.addsBias ? ["Add of a bias"] : [])].join(", "),
    (row.constraints ?? []).map(({ text }) => text).join("; "),
  ];
}

function resultText({ result }: Capability): string {
  switch (result.kind) {
    case "observed":
      return "observed";
    case "observed-or-float":
      return "observed, or float";
    case "shared":
      return "as the operands";
    case "fixed":
      return `scale ${result.scale}, zero point ${result.zeroPoint}`;
  }
}

/** A table with columns of even width, as the formatter wants it. */
function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) =>
    Math.max(3, ...[column, ...rows.map((row) => row[i]!)].map((t) => t.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(columns), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ""].join("\n");
}
