import { readFileSync } from "node:fs";
import { Tensor, type DType } from "@lowbit/ir";

/** Cases that another framework computed once: tensors by name, and the numbers they were computed with. */
export type StoredVectors = Readonly<
  Record<
    string,
    { readonly tensors: Readonly<Record<string, Tensor>>; readonly settings: Readonly<Record<string, unknown>> }
  >
>;

interface StoredTensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Little-endian bytes in base64. */
  readonly data: string;
}

/** Reads a file of stored vectors (written by a script in `bench/peers`). */
export function readVectors(url: URL): StoredVectors {
  const cases = JSON.parse(readFileSync(url, "utf8")) as Record<
    string,
    { readonly tensors: Record<string, StoredTensor>; readonly settings: Record<string, unknown> }
  >;
  return Object.fromEntries(
    Object.entries(cases).map(([name, { tensors, settings }]) => [
      name,
      {
        settings,
        tensors: Object.fromEntries(Object.entries(tensors).map(([key, stored]) => [key, tensorOf(stored)])),
      },
    ]),
  );
}

function tensorOf({ dtype, dims, data }: StoredTensor): Tensor {
  return Tensor.fromBytes(dtype, dims, Uint8Array.from(Buffer.from(data, "base64")));
}
