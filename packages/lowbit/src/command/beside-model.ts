import { CompileError } from "@lowbit/ir";
import { modelIsWritten } from "../diagnostics.ts";

/** Writes what goes with a model that is written already; an error says that the model is. @throws CompileError as `write` */
export async function besideModel(output: string, write: () => void | Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof CompileError && error.diagnostic.code === "file/write") throw modelIsWritten(error, output);
    throw error;
  }
}
