import { create, type OperatorSetIdProto, type StringStringEntryProto } from "@lowbit/onnx-proto";
import { modelError } from "./diagnostics.ts";

const none: ReadonlyMap<string, string> = new Map();
const noEntries: readonly StringStringEntryProto[] = [];

/** Entries as a map; of a key that occurs twice, the last value. */
export function importEntries(entries: readonly StringStringEntryProto[]): ReadonlyMap<string, string> {
  if (entries.length === 0) return none;
  return new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
}

/** The entries themselves if a map does not tell all of them, otherwise an empty list. */
export function unusualEntries(entries: readonly StringStringEntryProto[]): readonly StringStringEntryProto[] {
  if (entries.length === 0) return noEntries;
  const plain = entries.every((entry) => entry.key !== undefined && entry.value !== undefined && !entry.unknown_fields);
  return plain && new Set(entries.map(({ key }) => key)).size === entries.length ? noEntries : entries;
}

/** The entries of a map: the carried ones where they still say the same. */
export function exportEntries(
  map: ReadonlyMap<string, string>,
  carried: readonly StringStringEntryProto[] = noEntries,
): readonly StringStringEntryProto[] {
  if (carried.length > 0) {
    const original = importEntries(carried);
    if (original.size === map.size && [...map].every(([key, value]) => original.get(key) === value)) return carried;
  }
  if (map.size === 0) return noEntries;
  return [...map].map(([key, value]) => create("StringStringEntryProto", { key, value }));
}

/** The domain as the IR names it: ONNX's own has two spellings. */
export function importDomain(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

/** Opset imports as a map from domain to version. @throws import/opset */
export function importOpsets(imports: readonly OperatorSetIdProto[], of: string): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const entry of imports) {
    const domain = importDomain(entry.domain);
    const version = entry.version ?? 0;
    const other = opsets.get(domain);
    if (other !== undefined && other !== version) {
      throw modelError(
        "import/opset",
        `${of} imports domain "${domain || "ai.onnx"}" in version ${other} and in version ${version}`,
      );
    }
    opsets.set(domain, version);
  }
  return opsets;
}

/** Opset imports of a map, spelled as the carried ones. */
export function exportOpsets(
  opsets: ReadonlyMap<string, number>,
  carried: readonly OperatorSetIdProto[] = [],
): readonly OperatorSetIdProto[] {
  const spelled = new Map(carried.map((entry) => [importDomain(entry.domain), entry]));
  return [...opsets].map(([domain, version]) => {
    const original = spelled.get(domain);
    if (original !== undefined) return original.version === version ? original : { ...original, version };
    return create("OperatorSetIdProto", { domain, version });
  });
}
