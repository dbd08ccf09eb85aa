import type { Command } from "commander";
import type { Backend, BackendModule } from "@lowbit/backend-kit";
import { specText } from "@lowbit/quantize";
import { checkBackend, isBackendModule } from "../../backends/check-backend.ts";
import { ownBackends } from "../../backends/load-backend.ts";
import { table } from "../format/table.ts";
import type { Interruptions } from "../interruption.ts";
import { finish } from "../job.ts";

/** `lowbit backends`: the backends there are and what each can do. */
export function addBackends(program: Command, interruptions: Interruptions): void {
  const command = program.command("backends").description("list the backends and what each can do");
  finish(command, interruptions, [], async ({ terminal, config }) => {
    const descriptions = [...ownBackends, ...(config.backends ?? [])].map(describe);
    terminal.result(descriptions, () => descriptions.map(text).join("\n\n"));
  });
}

type Description = ReturnType<typeof describe>;

function describe(backend: Backend | BackendModule) {
  const made = isBackendModule(backend) ? backend.create({ features: [], prefer: "speed" }) : backend;
  const { capabilities, name } = checkBackend(made, backend.name);
  return {
    name,
    features: isBackendModule(backend)
      ? backend.features.map(({ name: feature, about, notImplemented }) => ({
          name: feature,
          about,
          implemented: notImplemented === undefined,
        }))
      : [],
    activations: specText(capabilities.activation, () => ""),
    weights: `${capabilities.weight.dtype} per-${capabilities.weight.granularity} ${capabilities.weight.symmetric ? "symmetric" : "affine"}`,
    ops: capabilities.ops.map(({ op, activations, weights, fuses, constraints }) => ({
      op,
      activations,
      weights: weights?.dtypes ?? [],
      fuses: fuses ?? [],
      constraints: (constraints ?? []).map((constraint) => constraint.text),
    })),
  };
}

function text({ name, features, activations, weights, ops }: Description): string {
  const lines = features.map(
    (feature) => `  ${name}:${feature.name}${feature.implemented ? "" : " (not in this version)"}: ${feature.about}`,
  );
  const rows = ops.map(({ op, activations: data, weights: dtypes, fuses, constraints }) => [
    op,
    data.join(" "),
    dtypes.join(" "),
    fuses.join(" "),
    constraints.join("; "),
  ]);
  const columns = ["op", "data", "weights", "with", "where"].map((title) => ({ title }));
  return [name, ...lines, `  activations: ${activations}`, `  weights: ${weights}`, "", table(columns, rows)].join(
    "\n",
  );
}
