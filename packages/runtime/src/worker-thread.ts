import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Tensor } from "@lowbit/ir";
import * as ort from "onnxruntime-node";
import { fromRuntime, toRuntime } from "./convert-tensor.ts";
import type { SentTensor } from "./sent-tensor.ts";
import type { Reply, Request } from "./session-thread.ts";

/** A request before it has its number. */
type Asked = Request extends infer R ? (R extends unknown ? Omit<R, "id"> : never) : never;

/** A thread that holds sessions, and who waits for its answers. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (reply: Reply) => void; reject: (error: Error) => void }>();
  #asked = 0;

  constructor(file: string) {
    this.#worker = new Worker(file, { execArgv: [] });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      waiting?.resolve(reply);
    });
    this.#worker.on("error", (error) => {
      for (const { reject } of this.#waiting.values()) reject(error as Error);
      this.#waiting.clear();
    });
  }

  /** The process stays alive until the answer is there. */
  ask(request: Asked, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id }, [...transfer]);
    });
  }
}

const threads: WorkerThread[] = [];
let created = 0;

/**
 * A thread of the process by its number; null in a source tree that was not built, where there is nothing it could load.
 * Sessions of one number share a thread, and run one after the other.
 */
export function workerThread(number: number): WorkerThread | null {
  if (threads[number]) return threads[number];
  try {
    return (threads[number] = new WorkerThread(
      createRequire(import.meta.url).resolve("@lowbit/runtime/session-thread"),
    ));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return null;
  }
}

/** A number for a session that no other session of this process has. */
export function newSessionKey(): number {
  return created++;
}

/** Tensors in the form in which they go to a thread. */
export function sentTensors(tensors: Iterable<readonly [string, Tensor]>): Record<string, SentTensor> {
  return Object.fromEntries(
    Array.from(tensors, ([name, tensor]) => {
      const { type, data, dims } = toRuntime(tensor);
      return [name, { type, data, dims }];
    }),
  );
}

/** Tensors that came from a thread, over the same memory. */
export function receivedTensors(results: Readonly<Record<string, SentTensor>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, data, dims }]) => [
      name,
      fromRuntime(new ort.Tensor(type as "float32", data as Float32Array, dims)),
    ]),
  );
}
