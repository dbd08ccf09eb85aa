import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { customLoss, type Loss, type LossContext } from "@lowbit/train";
import { badLossModule } from "../diagnostics.ts";
import { CompileError, type Value } from "@lowbit/ir";

/**
 * A loss from a JavaScript module that exports, as default or as `loss`, a Loss or a function that adds one to the graph:
 * `({ op, outputs, target }) => value`, one number or one per sample. A function's targets are numbers in the shape of the
 * output, unless the module exports `targets` as `class` or `none`.
 *
 * @throws CompileError `train/loss-module`
 */
export async function loadLoss(path: string): Promise<Loss> {
  if (!existsSync(path)) throw badLossModule(path, "there is no such file");
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw badLossModule(path, `it cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  const loss = exported["loss"] ?? exported["default"];
  const targets = exported["targets"] ?? "value";
  if (targets !== "value" && targets !== "class" && targets !== "none") {
    throw badLossModule(path, "its `targets` must be `value`, `class` or `none`");
  }
  if (typeof loss === "function") {
    return customLoss({ name: path, targets, attach: (context) => attached(loss as Attach, context, path) });
  }
  if (isLoss(loss)) return { ...loss, attach: (context) => attached((given) => loss.attach(given), context, path) };
  throw badLossModule(path, "it exports no Loss and no function that makes one, as default or as `loss`");
}

type Attach = (context: LossContext) => unknown;

function attached(attach: Attach, context: LossContext, path: string): Value {
  let value: unknown;
  try {
    value = attach(context);
  } catch (error) {
    if (error instanceof CompileError) throw error;
    throw badLossModule(path, `its function failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  const isValue = typeof value === "object" && value !== null && "uses" in value && "producer" in value;
  if (!isValue) throw badLossModule(path, "its function returned no value of the graph");
  return value as Value;
}

function isLoss(value: unknown): value is Loss {
  if (typeof value !== "object" || value === null) return false;
  const loss = value as Partial<Record<keyof Loss, unknown>>;
  return typeof loss.name === "string" && typeof loss.attach === "function" && typeof loss.targetShape === "function";
}
