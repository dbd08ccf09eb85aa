import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CompileError, type Model } from "@lowbit/ir";
import { saveModel } from "../deployed-file.ts";
import { modelElsewhere } from "../diagnostics.ts";

/**
 * Saves a model that may have taken hours to make. Where its place does not take it (the disk is full by now), it goes to a
 * new folder among the temporary ones or in the home folder, and the error says so.
 *
 * @throws CompileError `file/write`, and as `saveModel`
 */
export function saveOrRescue(model: Model, path: string): void {
  try {
    saveModel(model, path);
  } catch (error) {
    if (!(error instanceof CompileError) || error.diagnostic.code !== "file/write") throw error;
    throw modelElsewhere(path, error.diagnostic.message, rescued(model, basename(path)));
  }
}

/** Where the model was saved instead; null where there is no room for it anywhere. */
function rescued(model: Model, name: string): string | null {
  for (const place of [tmpdir(), homedir()]) {
    let folder: string | null = null;
    try {
      folder = mkdtempSync(join(place, "lowbit-model-"));
      return saveModel(model, join(folder, name)).model;
    } catch {
      // The next place may have room.
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    }
  }
  return null;
}
