import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * The folder of real models and data that stands beside the repository (`../shared/materials`), or null where it is
 * absent: tests that need it are then skipped by name.
 */
export function materialsFolder(): string | null {
  const folder = fileURLToPath(new URL("../../../shared/materials", import.meta.url));
  return existsSync(folder) ? folder : null;
}
