import protobuf from "protobufjs/minimal.js";

/** Bytes from which on data is handed on as it is instead of being copied together with its surroundings. */
const passThroughBytes = 1 << 14;

/** Bytes of small fields that are collected before they are handed on. */
const flushBytes = 1 << 16;

/** Takes the pieces of a message in order. A piece that is `shared` is valid only until the sink returns. */
export type Sink = (piece: Uint8Array, shared: boolean) => void;

/** Hands the bytes of a message to a sink: small fields together, large data as views of the caller's memory. */
export class ChunkWriter {
  /** Small fields go here. */
  readonly writer: protobuf.Writer = new protobuf.Writer();
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Adds bytes without tag or length. */
  raw(bytes: Uint8Array): void {
    if (bytes.length < passThroughBytes) {
      this.writer.raw(bytes);
      return;
    }
    this.flush();
    this.#sink(bytes, false);
  }

  /** Hands on what is collected once it is enough. */
  flushIfFull(): void {
    if (this.writer.pos >= flushBytes) this.flush();
  }

  /** Hands on what is collected. */
  flush(): void {
    if (this.writer.pos === 0) return;
    this.#sink(this.writer.finish(true), true);
    this.writer.reset();
  }
}
