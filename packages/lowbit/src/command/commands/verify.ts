import type { Command } from "commander";
import { parseBackendText, type Backend } from "@lowbit/backend-kit";
import { loadModel } from "@lowbit/ir";
import { backendKey } from "@lowbit/quantize";
import { loweredForAnother } from "../../backends/diagnostics.ts";
import { loadBackend, ownBackends, type LoadBackendOptions } from "../../backends/load-backend.ts";
import {
  verifyDeployment,
  type AddedKernel,
  type Verification,
  type VerifiedNode,
} from "../../verification/verify-deployment.ts";
import { sampleOf } from "../../sample-feeds.ts";
import { addNormalization, dataForms, openData, type NormalizationOptions } from "../data-options.ts";
import { countText, percentText, plural } from "../format/quantities.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";

interface VerifyCommandOptions extends NormalizationOptions {
  readonly data?: string;
  readonly backend?: string;
}

/** `lowbit verify`: what the runtime runs as integers, what stays float, and why. */
export function addVerify(program: Command, interruptions: Interruptions): void {
  const command = program
    .command("verify")
    .description("show what ONNX Runtime runs as integers, what stays float, and why")
    .argument("<MODEL>", "ONNX file")
    .option("--backend <B>", "explain by the kernels of x86, arm, a module or an npm package")
    .option("--data <DATA>", `run the first sample of ${dataForms} (default: one is made up)`);
  finish<VerifyCommandOptions>(
    addNormalization(command),
    interruptions,
    [],
    async ({ terminal, options, args, config }) => {
      const [path] = args as readonly [string];
      const { backend: name, threads } = options;
      const known = config.backends ?? [];
      const asked = name === undefined ? null : await loadBackend(name, { known });
      const model = loadModel(path, { report: (finding) => terminal.report(finding) });
      const loweredFor = model.metadata.get(backendKey);
      const backend = asked ?? (loweredFor === undefined ? null : await ownBackend(loweredFor, known));
      if (loweredFor !== undefined && asked !== null && asked.name !== loweredFor) {
        terminal.report(loweredForAnother(loweredFor, asked.name));
      }
      const data = options.data === undefined ? null : await openData(options.data, model, options);
      const verification = await verifyDeployment(model, {
        ...(data ? { feeds: await sampleOf(model, data) } : {}),
        ...(backend ? { backend } : {}),
        ...(threads === undefined ? {} : { threads }),
      });
      terminal.result(verification, () => text(verification, loweredFor, backend));
    },
  );
}

/**
 * The backend that a file says it was lowered for; null for one that is not known here, since a file may not choose what
 * code is loaded.
 */
async function ownBackend(name: string, known: Known): Promise<Backend | null> {
  const names = new Set([...known, ...ownBackends].map((each) => each.name));
  return names.has(parseBackendText(name).name) ? loadBackend(name, { known }) : null;
}

type Known = NonNullable<LoadBackendOptions["known"]>;

function text(
  { integerMacs, nodes, added }: Verification,
  loweredFor: string | undefined,
  backend: Backend | null,
): string {
  const computing = nodes.filter(({ runs }) => runs === "integer" || runs === "float");
  const conversions = nodes.filter(({ runs }) => runs === "conversion");
  const uncounted = computing.filter(({ op }) => hidesProducts.has(op)).map(({ op }) => op);
  const row = ({ node, op, runs, kernels, macs, reason }: VerifiedNode): string[] => [
    node,
    op,
    runs,
    kernels.filter((kernel) => kernel !== op).join(" "),
    macs === 0 ? "" : countText(macs),
    reason ?? "",
  ];
  const columns = [
    { title: "node" },
    { title: "op" },
    { title: "runs as" },
    { title: "kernel" },
    { title: "products", align: "right" },
    { title: "why" },
  ] as const;
  return [
    ...(loweredFor === undefined ? [] : [`lowered for ${loweredFor}`]),
    ...(loweredFor !== undefined && backend?.name === loweredFor && backend.onOnnxRuntime !== undefined
      ? [backend.onOnnxRuntime]
      : []),
    ...(loweredFor === undefined ? [] : [""]),
    table(columns, computing.map(row)),
    "",
    ...conversionLines(conversions),
    ...addedLines(added),
    ...(uncounted.length === 0 ? [] : [`the products inside ${counts(uncounted)} are not counted`]),
    `${percentText(integerMacs)} of the multiply-accumulates run as integers`,
  ].join("\n");
}

/** What is converted; from the second on, each in a line of its own. */
function conversionLines(conversions: readonly VerifiedNode[]): readonly string[] {
  const lines = conversions.map(({ reason }) => reason ?? "");
  if (lines.length < 2) return [`conversions left: ${lines[0] ?? "none"}`];
  return ["conversions left:", ...lines.map((line) => `  ${line}`)];
}

/** Most kernels of the runtime's own that are told one by one. */
const mostAdded = 12;

/** What the runtime added, and what for; of many kernels how many of each op. */
function addedLines(added: readonly AddedKernel[]): readonly string[] {
  if (added.length === 0) return [];
  if (added.length > mostAdded) {
    const ops = counts(added.map(({ op }) => op));
    return [`${added.length} kernels of the runtime's own: ${ops} (--json tells what for)`];
  }
  return [
    `${plural(added.length, "kernel")} of the runtime's own:`,
    ...added.map(({ op, purpose }) => `  ${op}: ${purpose}`),
  ];
}

/** Ops that multiply inside, in kernels whose products nobody counts. */
const hidesProducts: ReadonlySet<string> = new Set(["Einsum", "DeformConv"]);

/** As in `2 Transpose, 1 ReorderOutput`. */
function counts(ops: readonly string[]): string {
  return [...new Set(ops)].map((op) => `${ops.filter((each) => each === op).length} ${op}`).join(", ");
}
