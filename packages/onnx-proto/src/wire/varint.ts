import { hostOrder } from "./byte-order.ts";

/**
 * A 64-bit integer as two 32-bit words, shared by all conversions of this module: `words` and `signed` are views of
 * the same 8 bytes, so writing the words and reading the bigint converts.
 */
const words = new Uint32Array(2);
const signedWords = new Int32Array(words.buffer);
const signed = new BigInt64Array(words.buffer);
const { low, high } = hostOrder;

/** Longest varint in bytes. */
export const maxVarintBytes = 10;

/** What `readVarint` gives instead of a position. */
export const varintErrors = { truncated: -1, overlong: -2 } as const;

/**
 * Reads a varint at `pos` into the two words `into[at + low]` and `into[at + high]` of a 64-bit element.
 * Returns the position after it, or one of `varintErrors`. Bits past the 64th are dropped, as protobuf does.
 */
export function readVarintWords(
  bytes: Uint8Array,
  pos: number,
  end: number,
  into: Uint32Array | Int32Array,
  at: number,
): number {
  let lowWord = 0;
  let highWord = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (pos >= end) return varintErrors.truncated;
    const byte = bytes[pos++]!;
    const septet = byte & 127;
    if (shift < 28) lowWord |= septet << shift;
    else if (shift === 28) {
      lowWord |= septet << 28;
      highWord = septet >>> 4;
    } else highWord |= septet << (shift - 32);
    if (byte < 128) {
      into[at + low] = lowWord;
      into[at + high] = highWord;
      return pos;
    }
  }
  return varintErrors.overlong;
}

/** Reads a varint at `pos`; its value is then `varintAsBigInt()` or `varintAsNumber()`. Result as `readVarintWords`. */
export function readVarint(bytes: Uint8Array, pos: number, end: number): number {
  return readVarintWords(bytes, pos, end, words, 0);
}

/** The int64 last read by `readVarint`. */
export function varintAsBigInt(): bigint {
  return signed[0]!;
}

/** The int64 last read by `readVarint`, rounded where it is past 2^53 (so check `Number.isSafeInteger`). */
export function varintAsNumber(): number {
  return signedWords[high]! * 4294967296 + words[low]!;
}

/** Bytes of the varint of a 64-bit integer given by its unsigned words. */
export function varintSizeOfWords(lowWord: number, highWord: number): number {
  if (highWord !== 0) return Math.ceil((64 - Math.clz32(highWord)) / 7);
  return lowWord < 128 ? 1 : Math.ceil((32 - Math.clz32(lowWord)) / 7);
}

/** Bytes of the varint of a safe integer as an int64; a negative one takes all 10. */
export function varintSize(value: number): number {
  if (value < 0) return maxVarintBytes;
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes of the varint of an int64 or uint64. */
export function varintSizeOfBigInt(value: bigint): number {
  signed[0] = value;
  return varintSizeOfWords(words[low]!, words[high]!);
}

/** Writes the varint of a 64-bit integer given by its unsigned words; returns the position after it. */
export function writeVarintWords(bytes: Uint8Array, pos: number, lowWord: number, highWord: number): number {
  let rest = lowWord;
  let upper = highWord;
  while (upper !== 0) {
    bytes[pos++] = (rest & 127) | 128;
    rest = ((rest >>> 7) | (upper << 25)) >>> 0;
    upper >>>= 7;
  }
  while (rest > 127) {
    bytes[pos++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[pos++] = rest;
  return pos;
}

/** The varint of an int64 or uint64. */
export function varintOfBigInt(value: bigint): Uint8Array {
  signed[0] = value;
  const bytes = new Uint8Array(varintSizeOfWords(words[low]!, words[high]!));
  writeVarintWords(bytes, 0, words[low]!, words[high]!);
  return bytes;
}
