import type { Tensor } from "@lowbit/ir";
import { tensorOf } from "../arrays/elements.ts";
import { broadcastIndices } from "../arrays/indices.ts";
import { broadcast } from "../arrays/map.ts";
import { stringTensor } from "../arrays/take.ts";
import { stringsAttribute } from "../attributes.ts";
import { noKernel, type Kernel, type KernelCall, type NoKernel } from "../kernel.ts";

function texts(call: KernelCall, index: number): readonly string[] {
  const strings = call.tensor(index).strings ?? call.fail(`operand ${index} must hold strings`);
  return strings.map((bytes) => new TextDecoder().decode(bytes));
}

function tensorOfTexts(dims: readonly number[], strings: readonly string[]): Tensor {
  return stringTensor(
    dims,
    strings.map((text) => new TextEncoder().encode(text)),
  );
}

/** Strings in one case, without the stop words; nothing left becomes one empty string. */
const stringNormalizer: Kernel = (call) => {
  const { dims } = call.tensor(0);
  const action = call.node.string("case_change_action", "NONE");
  const sensitive = call.node.int("is_case_sensitive", 0) === 1;
  const fold = (text: string): string => (sensitive ? text : text.toLowerCase());
  const stopWords = new Set(stringsAttribute(call.node, "stopwords", []).map(fold));
  const kept = texts(call, 0)
    .filter((text) => !stopWords.has(fold(text)))
    .map((text) => (action === "UPPER" ? text.toUpperCase() : action === "LOWER" ? text.toLowerCase() : text));
  const result = kept.length > 0 ? kept : [""];
  return tensorOfTexts([...dims.slice(0, -1), result.length], result);
};

const stringConcat: Kernel = (call) => {
  const dims = broadcast(call, call.tensor(0), call.tensor(1));
  const [left, right] = [0, 1].map((index) => {
    const own = texts(call, index);
    return Array.from(broadcastIndices(call.tensor(index).dims, dims), (place) => own[place]!);
  }) as [string[], string[]];
  return tensorOfTexts(
    dims,
    left.map((text, i) => text + right[i]!),
  );
};

/** Sub-strings padded with empty ones to the longest split, and how many each string gave. */
const stringSplit: Kernel = (call) => {
  const { dims } = call.tensor(0);
  const delimiter = call.node.string("delimiter", "");
  const limit = call.node.int("maxsplit", Infinity);
  const parts = texts(call, 0).map((text) => splitText(text, delimiter, limit));
  const longest = parts.reduce((max, own) => Math.max(max, own.length), 0);
  const padded = parts.flatMap((own) => Array.from({ length: longest }, (_, i) => own[i] ?? ""));
  return [
    tensorOfTexts([...dims, longest], padded),
    tensorOf(
      "int64",
      dims,
      parts.map((own) => own.length),
    ),
  ];
};

/** At most `limit` splits; without a delimiter, runs of white space split and outer ones vanish. */
function splitText(text: string, delimiter: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = delimiter === "" ? text.trim() : text;
  if (rest === "" && delimiter === "") return [];
  const separator = delimiter === "" ? /\s+/ : null;
  while (parts.length < limit) {
    const at = separator ? rest.search(separator) : rest.indexOf(delimiter);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = separator ? rest.slice(at).trimStart() : rest.slice(at + delimiter.length);
  }
  return [...parts, rest];
}

/** Ops on strings and encoded images. */
export const stringKernels = {
  StringNormalizer: stringNormalizer,
  StringConcat: stringConcat,
  StringSplit: stringSplit,
  RegexFullMatch: noKernel("its RE2 syntax is not that of JavaScript's regular expressions") as NoKernel,
  TfIdfVectorizer: noKernel("bags of n-grams are not part of what lowbit compiles") as NoKernel,
  ImageDecoder: noKernel("decoding images is not part of what lowbit compiles") as NoKernel,
} satisfies Readonly<Record<string, Kernel | NoKernel>>;
