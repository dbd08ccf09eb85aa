import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The Python that has PyTorch: `LOWBIT_PEER_PYTHON`, a venv in `bench/peers/venv`, or `python3`; null where none has. */
export function pythonWith(module: string): string | null {
  const own = fileURLToPath(new URL("../../peers/venv/bin/python", import.meta.url));
  const candidates = [process.env.LOWBIT_PEER_PYTHON ?? [], own, "python3"].flat();
  return candidates.find((python) => spawnSync(python, ["-c", `import ${module}`]).status === 0) ?? null;
}
