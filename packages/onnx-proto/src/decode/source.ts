import protobuf from "protobufjs/minimal.js";
import type { MessageName } from "../messages/message-map.ts";
import { ProtoError, type ProtoErrorCode } from "../proto-error.ts";
import { Trail } from "../trail.ts";
import { readVarint, varintErrors } from "../wire/varint.ts";

/** The bytes being decoded: protobufjs's reader, whose `len` is the end of the innermost message, and where it is. */
export class Source {
  readonly reader: protobuf.Reader;
  readonly trail: Trail;

  constructor(name: MessageName, bytes: Uint8Array) {
    // A Buffer is read as what it is underneath: its own `subarray` would make every `bytes` field a Buffer.
    this.reader = new protobuf.Reader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.trail = new Trail(name);
  }

  /** Ends decoding with an error at the present place. */
  fail(code: ProtoErrorCode, text: string, offset: number = this.reader.pos): never {
    throw new ProtoError(code, this.trail.path(), text, offset);
  }

  /** Reads a length and returns the position where that many bytes end, at most the end of the message. */
  end(): number {
    const { reader } = this;
    const start = reader.pos;
    const length = reader.size();
    const end = reader.pos + length;
    if (end > reader.len) {
      this.fail("proto/truncated", `${length} bytes announced, ${reader.len - reader.pos} are left`, start);
    }
    return end;
  }

  /** Reads length-prefixed bytes as a view of the input. */
  bytes(): Uint8Array {
    const end = this.end();
    const { reader } = this;
    const start = reader.pos;
    reader.pos = end;
    return reader.raw(start, end);
  }

  /** Reads a 64-bit varint; `wire/varint.ts` then has its value. */
  varint(): void {
    const { reader } = this;
    reader.pos = this.checkVarint(readVarint(reader.buf, reader.pos, reader.len));
  }

  /** The position after varints that were read, unless there is something wrong with them. */
  checkVarint(pos: number): number {
    if (pos === varintErrors.truncated) this.fail("proto/truncated", "the data ends inside a number");
    if (pos === varintErrors.overlong) this.fail("proto/malformed", "a number of more than 10 bytes");
    return pos;
  }

  /**
   * An error thrown while decoding, as this package reports it.
   * protobufjs throws a RangeError at the end of the data and a plain Error for what is malformed; others are bugs.
   */
  explain(error: unknown): unknown {
    if (error instanceof RangeError && error.message.startsWith("index out of range")) {
      return new ProtoError("proto/truncated", this.trail.path(), "the data ends inside a field", this.reader.pos);
    }
    if (error instanceof Error && Object.getPrototypeOf(error) === Error.prototype) {
      return new ProtoError("proto/malformed", this.trail.path(), error.message, this.reader.pos);
    }
    return error;
  }
}
