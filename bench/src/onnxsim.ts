import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The part of onnxsim's API that is used. */
interface Onnxsim {
  simplify(model: Uint8Array): Promise<{ readonly model: Uint8Array }>;
}

const peers = new URL("../peers/", import.meta.url);
const entry = new URL("node_modules/onnxsim/index.mjs", peers);

/** npm's onnxsim as a function from bytes to bytes that prints nothing; installed first where it is missing. */
export async function loadOnnxsim(): Promise<(bytes: Uint8Array) => Promise<Uint8Array>> {
  if (!existsSync(entry)) install();
  const onnxsim = (await import(entry.href)) as Onnxsim;
  return async (bytes) => {
    const { log, error } = console;
    console.log = console.error = () => {};
    try {
      return (await onnxsim.simplify(bytes)).model;
    } finally {
      Object.assign(console, { log, error });
    }
  };
}

function install(): void {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", args, {
    cwd: fileURLToPath(peers),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error("onnxsim could not be installed; npm's message is above");
}
