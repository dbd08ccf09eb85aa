import type { MessageMap, MessageName } from "./messages/message-map.ts";
import { messageType } from "./schema/compile.ts";

/** A message with the given fields, all other lists empty, and all other optional fields absent. */
export function create<K extends MessageName>(name: K, fields: Partial<MessageMap[K]> = {}): MessageMap[K] {
  // `empty` has exactly the properties that the interface requires, see `Fields`.
  return Object.assign({}, messageType(name).empty, fields) as unknown as MessageMap[K];
}
