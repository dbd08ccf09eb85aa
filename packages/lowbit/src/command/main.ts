import { failureOf } from "./failure.ts";
import { Interruptions } from "./interruption.ts";
import { createProgram } from "./program.ts";

/**
 * Runs the `lowbit` command and returns its exit code: 0 done, 1 the model or the data cannot be processed, 2 wrong
 * usage, 130 interrupted.
 *
 * @param argv without the names of Node and of the script
 */
export async function main(argv: readonly string[]): Promise<number> {
  const interruptions = new Interruptions();
  interruptions.listen();
  process.stdout.on("error", endOnClosedPipe);
  try {
    await createProgram(interruptions).parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    const { text, code } = failureOf(error);
    if (text !== "") process.stderr.write(`${text}\n`);
    return code;
  } finally {
    interruptions.close();
  }
}

/** `lowbit inspect … | head` is no error. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
}
