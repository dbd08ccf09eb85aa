import type { CompiledField, CompiledMessage } from "../schema/compile.ts";

/** A message under construction, by field name. */
export type Draft = Record<string, unknown>;

/** A message of the type without any field yet. */
export function startDraft(type: CompiledMessage): Draft {
  // Not `{ ...type.empty }`: adding fields to a spread copy gives every object a hidden class of its own (V8 of Node 20).
  return Object.assign({}, type.empty);
}

/** Adds a value to a repeated field. */
export function append(draft: Draft, field: CompiledField, value: unknown): void {
  const list = draft[field.name] as unknown[];
  // The empty list is shared by all messages.
  if (list.length === 0) draft[field.name] = [value];
  else list.push(value);
}

/** Sets an optional field; of a oneof, the last one on the wire stays. */
export function assign(draft: Draft, field: CompiledField, value: unknown): void {
  for (const sibling of field.siblings) if (draft[sibling] !== undefined) delete draft[sibling];
  draft[field.name] = value;
}
