import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/**
 * Cores that this process may use, where hardware threads of one core count once; undefined where the system does not tell.
 *
 * ONNX Runtime counts by asking the processor, whose answer in a virtual machine can be that of another machine: on one with two
 * cores it took them for one, and ran everything on one thread.
 *
 * @param folder where Linux describes its processors
 */
export function processorCores(folder = "/sys/devices/system/cpu"): number | undefined {
  try {
    const processors = readdirSync(folder).filter((name) => /^cpu\d+$/.test(name));
    const siblings = processors.map((name) =>
      readFileSync(join(folder, name, "topology/thread_siblings_list"), "utf8"),
    );
    return siblings.length === 0 ? undefined : Math.min(new Set(siblings).size, availableParallelism());
  } catch {
    return undefined;
  }
}
