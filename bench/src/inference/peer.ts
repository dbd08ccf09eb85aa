import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "@lowbit/ir";

const script = fileURLToPath(new URL("../../peers/quantize_static.py", import.meta.url));

/** Quantizes a model with ONNX Runtime's own tool; null when it worked, else the last line of what it said. */
export function quantizeWithPeer(
  python: string,
  model: string,
  output: string,
  input: string,
  calibration: readonly Tensor[],
): string | null {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-peer-"));
  try {
    const batches = calibration.map((tensor, index) => {
      const file = join(folder, `${index}.f32`);
      writeFileSync(file, tensor.bytes());
      return { file, dims: tensor.dims };
    });
    const job = join(folder, "job.json");
    writeFileSync(job, JSON.stringify({ input, batches }));
    const { status, stderr, error } = spawnSync(python, [script, resolve(model), resolve(output), job], {
      encoding: "utf8",
      // ONNX Runtime's shape inference leaves files in the working directory.
      cwd: folder,
    });
    if (error) return error.message;
    return status === 0 ? null : (stderr.trim().split("\n").at(-1) ?? "it failed");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
