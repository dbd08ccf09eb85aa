import { maxDepth, maxMessageBytes } from "../limits.ts";
import { ProtoError, type ProtoErrorCode } from "../proto-error.ts";
import { type CompiledField, type CompiledMessage, type PackedArray, messageType } from "../schema/compile.ts";
import type { MessageName } from "../messages/message-map.ts";
import type { Message } from "../messages/message.ts";
import { Trail } from "../trail.ts";
import { packedSize } from "../wire/packed.ts";
import { textSize } from "../wire/text.ts";
import { varintSize, varintSizeOfBigInt } from "../wire/varint.ts";

/** How a message will be written. */
export interface Plan {
  readonly type: CompiledMessage;
  /** Bytes of the whole message. */
  readonly size: number;
  /** Lengths of the inner messages and packed fields, in the order in which a writer comes to them. */
  readonly lengths: readonly number[];
}

/**
 * Computes all lengths of a message before any byte is written, so that the writer never needs to go back, and checks
 * every value, so that the writer cannot fail.
 * @throws ProtoError for what protobuf cannot express.
 */
export function measure(name: MessageName, message: Message): Plan {
  const measurer = new Measurer(name);
  const type = messageType(name);
  const size = measurer.message(type, message as Readonly<Record<string, unknown>>);
  return { type, size, lengths: measurer.lengths };
}

class Measurer {
  readonly lengths: number[] = [];
  readonly #trail: Trail;

  constructor(name: MessageName) {
    this.#trail = new Trail(name);
  }

  message(type: CompiledMessage, message: Readonly<Record<string, unknown>>): number {
    let size = 0;
    for (const field of type.fields) {
      const value = message[field.name];
      if (value === undefined) continue;
      this.#trail.field = field;
      for (const sibling of field.siblings) {
        if (message[sibling] !== undefined) this.#fail("proto/oneof", `${sibling} is set too, only one of them may be`);
      }
      size += this.#field(field, value);
    }
    this.#trail.field = undefined;
    for (const unknown of (message as Message).unknown_fields ?? []) size += unknown.bytes.length;
    if (size > maxMessageBytes) {
      this.#fail(
        "proto/too-large",
        `${size} bytes, protobuf ends at ${maxMessageBytes}; keep large tensors as external data`,
      );
    }
    return size;
  }

  #field(field: CompiledField, value: unknown): number {
    if (field.cardinality === "packed") {
      const length = packedSize(value as PackedArray);
      if (length === 0) return 0;
      this.lengths.push(length);
      return field.tagSize + varintSize(length) + length;
    }
    if (field.cardinality === "optional") return field.tagSize + this.#value(field, value, 0);
    const list = value as readonly unknown[];
    let size = list.length * field.tagSize;
    for (let index = 0; index < list.length; index++) size += this.#value(field, list[index], index);
    return size;
  }

  #value(field: CompiledField, value: unknown, index: number): number {
    switch (field.kind) {
      case "message":
        return this.#inner(field, value as Readonly<Record<string, unknown>>, index);
      case "string": {
        const length = textSize(value as string);
        if (length < 0) this.#fail("proto/text", `${JSON.stringify(value)} has a lone surrogate, which has no UTF-8`);
        return varintSize(length) + length;
      }
      case "bytes": {
        const { length } = value as Uint8Array;
        return varintSize(length) + length;
      }
      case "float":
        return 4;
      case "double":
        return 8;
      case "int32":
        if ((value as number) !== ((value as number) | 0)) this.#fail("proto/integer", `${String(value)} is no int32`);
        return varintSize(value as number);
      case "integer":
        if (!Number.isSafeInteger(value))
          this.#fail("proto/integer", `${String(value)} is no integer within ±(2^53 - 1)`);
        return varintSize(value as number);
      case "int64":
        if (BigInt.asIntN(64, value as bigint) !== value) this.#fail("proto/integer", `${String(value)} is no int64`);
        return varintSizeOfBigInt(value);
      case "uint64":
        if (BigInt.asUintN(64, value as bigint) !== value) this.#fail("proto/integer", `${String(value)} is no uint64`);
        return varintSizeOfBigInt(value);
    }
  }

  #inner(field: CompiledField, message: Readonly<Record<string, unknown>>, index: number): number {
    const slot = this.lengths.push(0) - 1;
    this.#trail.enter(field, index);
    if (this.#trail.depth > maxDepth) this.#fail("proto/depth", `messages nest deeper than ${maxDepth}`);
    const length = this.message(field.type!, message);
    this.#trail.leave();
    this.lengths[slot] = length;
    return varintSize(length) + length;
  }

  #fail(code: ProtoErrorCode, text: string): never {
    throw new ProtoError(code, this.#trail.path(), text);
  }
}
