import type { FileHandle } from "node:fs/promises";
import { badFile } from "../../diagnostics.ts";

/** One member of a zip archive, as the archive's directory describes it. */
export interface ZipMember {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where the member's own header begins. */
  readonly start: number;
}

const endSignature = 0x06054b50;
const end64LocatorSignature = 0x07064b50;
const end64Signature = 0x06064b50;
const memberSignature = 0x02014b50;
const endBytes = 22;
const longestComment = 0xffff;
const most32 = 0xffffffff;

/**
 * The members of a zip archive, zip64 included (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3).
 *
 * @throws CompileError `data/bad-file`
 */
export async function readZipDirectory(file: FileHandle, path: string): Promise<ReadonlyMap<string, ZipMember>> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - endBytes - longestComment), size, path);
  const end = tail.lastIndexOf(Uint8Array.of(0x50, 0x4b, 0x05, 0x06));
  if (end < 0 || end + endBytes > tail.length || tail.readUInt32LE(end) !== endSignature) {
    throw badFile(path, size === 0 ? "it is empty" : "it is not a zip file, or it was cut off");
  }
  const place = (await zip64Place(file, tail, end, size, path)) ?? {
    count: tail.readUInt16LE(end + 10),
    length: tail.readUInt32LE(end + 12),
    start: tail.readUInt32LE(end + 16),
  };
  if (place.start + place.length > size) throw badFile(path, "its directory of arrays lies outside the file");
  return parseDirectory(await readAt(file, place.start, place.start + place.length, path), place.count, size, path);
}

/** Bytes `from` to `to` of a file, in memory of their own. @throws CompileError `data/bad-file` at the end of the file */
export async function readAt(file: FileHandle, from: number, to: number, path: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(to - from);
  for (let at = 0; at < bytes.length;) {
    // One call reads less than 2 GiB on every system.
    const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 2 ** 30), from + at);
    if (bytesRead === 0) throw badFile(path, "it was cut off");
    at += bytesRead;
  }
  return bytes;
}

interface DirectoryPlace {
  readonly count: number;
  readonly length: number;
  readonly start: number;
}

async function zip64Place(
  file: FileHandle,
  tail: Buffer,
  end: number,
  size: number,
  path: string,
): Promise<DirectoryPlace | null> {
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== end64LocatorSignature) return null;
  const start = Number(tail.readBigUInt64LE(locator + 8));
  if (start + 56 > size) throw badFile(path, "its zip64 directory lies outside the file");
  const record = await readAt(file, start, start + 56, path);
  if (record.readUInt32LE(0) !== end64Signature) throw badFile(path, "its zip64 directory is damaged");
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    start: Number(record.readBigUInt64LE(48)),
  };
}

function parseDirectory(bytes: Buffer, count: number, size: number, path: string): ReadonlyMap<string, ZipMember> {
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== memberSignature) {
      throw badFile(path, `its directory announces ${count} arrays and ends after ${index}`);
    }
    const nameEnd = at + 46 + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const next = extraEnd + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw badFile(path, "its directory is damaged");
    const wide = zip64Numbers(bytes.subarray(nameEnd, extraEnd));
    const number = (offset: number): number => {
      const short = bytes.readUInt32LE(at + offset);
      return short === most32 ? (wide.shift() ?? short) : short;
    };
    // The wide numbers stand in this order, each only where the short field is full.
    const [unpacked, packed, start] = [number(24), number(20), number(42)];
    const name = bytes.toString("utf8", at + 46, nameEnd);
    if (members.has(name)) throw badFile(path, `it holds "${name}" twice`);
    if (start + 30 + packed > size) throw badFile(path, `"${name}" lies outside the file; it may have been cut off`);
    members.set(name, {
      name,
      method: bytes.readUInt16LE(at + 10),
      encrypted: (bytes.readUInt16LE(at + 8) & 1) !== 0,
      crc: bytes.readUInt32LE(at + 16),
      packedBytes: packed,
      bytes: unpacked,
      start,
    });
    at = next;
  }
  return members;
}

/** The 64-bit numbers of the zip64 extra field, in order. */
function zip64Numbers(extra: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    const end = Math.min(at + 4 + length, extra.length);
    if (extra.readUInt16LE(at) === 1) {
      for (let field = at + 4; field + 8 <= end; field += 8) numbers.push(Number(extra.readBigUInt64LE(field)));
    }
    at = end;
  }
  return numbers;
}
