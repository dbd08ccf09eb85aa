import { type Fields, optional } from "./field.ts";
import type { Message } from "./message.ts";

/** A key and its value: metadata, external data locations, bindings. */
export interface StringStringEntryProto extends Message {
  readonly key?: string;
  readonly value?: string;
}

export const stringStringEntryProto: Fields<StringStringEntryProto> = {
  key: optional.string(1),
  value: optional.string(2),
};
