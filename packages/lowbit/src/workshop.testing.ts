import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npzBytes } from "@lowbit/test-models";
import { Graph, GraphEditor, newModel, saveModel, Tensor, tensorType, type Model, type Value } from "@lowbit/ir";
import { randomStream } from "@lowbit/train";

/** How a run of the command ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The script that `lowbit` is. */
export const command = fileURLToPath(new URL("../bin/lowbit.js", import.meta.url));
const built = fileURLToPath(new URL("../dist/command/main.js", import.meta.url));

/** What happens to a run. */
export interface RunOptions {
  readonly env?: Record<string, string>;
  /** Ctrl-C as soon as standard error says this. */
  readonly interruptAt?: RegExp;
  /** Ctrl-C as soon as this holds; asked often. */
  readonly interruptWhen?: () => boolean;
  /** Largest file it can write, in blocks of the shell's `ulimit -f`. */
  readonly fileBlocks?: number;
}

/** A temporary folder with a small model and data in it, where the real `lowbit` command runs. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "lowbit-command-"));

  constructor() {
    if (!existsSync(built)) throw new Error("the command is not built; run npm run build");
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content);
  }

  /** Writes `mlp.onnx` and data that it can learn: `train.npz` and `test.npz`. */
  withMlp(): this {
    saveModel(mlp(), this.path("mlp.onnx"));
    this.write("train.npz", npzBytes(samples(480, 1)));
    this.write("test.npz", npzBytes(samples(150, 2)));
    return this;
  }

  /** Starts the command; `onStart` gets what can end it. */
  run(args: string, options: RunOptions = {}): Promise<Run> {
    const words = [command, ...args.split(" ").filter(Boolean)];
    const limited = `ulimit -f ${options.fileBlocks}; exec "$0" "$@"`;
    const [program, given] = options.fileBlocks
      ? ["sh", ["-c", limited, process.execPath, ...words]]
      : [process.execPath, words];
    const child = spawn(program, given, {
      cwd: this.folder,
      env: { ...process.env, LOWBIT_DEBUG: "", ...options.env },
    });
    let [stdout, stderr, interrupted] = ["", "", false];
    child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => {
      stderr += text.toString();
      if (!interrupted && options.interruptAt?.test(stderr)) interrupted = child.kill("SIGINT");
    });
    const watch = setInterval(() => {
      if (!interrupted && options.interruptWhen?.()) interrupted = child.kill("SIGINT");
    }, 5);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => {
        clearInterval(watch);
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Runs the command with `--json`, which must succeed, and returns what it printed. */
  async json(args: string): Promise<Record<string, unknown>> {
    const { code, stdout, stderr } = await this.run(`${args} --json --quiet`);
    if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

const features = 16;
const classes = 3;

/** x float[N,16] -> Gemm 32 -> Relu -> Gemm 3, untrained. */
export function mlp(): Model {
  const editor = new GraphEditor(new Graph("mlp"));
  const { op } = editor;
  const random = randomStream(1);
  const weights = (name: string, dims: readonly number[]): Value => {
    const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
    return editor.initializer(Tensor.of("float", values, dims), name);
  };
  const x = editor.input("x", tensorType("float", ["N", features]));
  const hidden = op.Gemm([x, weights("w1", [32, features]), weights("b1", [32])], { transB: 1 }, { name: "fc1" });
  const scores = op.Gemm(
    [op.Relu([hidden], {}, { name: "relu" }), weights("w2", [classes, 32]), weights("b2", [classes])],
    { transB: 1 },
    { name: "fc2" },
  );
  editor.rename(scores, "scores");
  editor.output(scores);
  return newModel(editor.graph);
}

/** Noisy copies of one pattern per class, and the class as label. */
export function samples(count: number, seed: number): { readonly x: Tensor; readonly y: Tensor } {
  const patterns = randomStream(99);
  const centres = Array.from({ length: classes * features }, () => 2 * patterns() - 1);
  const random = randomStream(seed);
  const labels = Array.from({ length: count }, () => Math.floor(random() * classes));
  const values = labels.flatMap((label) =>
    Array.from({ length: features }, (_, i) => centres[label * features + i]! + 1.2 * (random() - 0.5)),
  );
  return { x: Tensor.of("float", values, [count, features]), y: Tensor.of("int64", labels) };
}
