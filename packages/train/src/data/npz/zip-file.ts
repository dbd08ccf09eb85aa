import { constants } from "node:buffer";
import { open, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { badFile, missingFile } from "../../diagnostics.ts";
import { readAt, readZipDirectory, type ZipMember } from "./zip-directory.ts";

const inflate = promisify(inflateRaw);

/** A zip archive open for reading; members are read when asked for. Call `close` when done. */
export class ZipFile {
  readonly path: string;
  readonly members: ReadonlyMap<string, ZipMember>;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, members: ReadonlyMap<string, ZipMember>) {
    this.path = path;
    this.#file = file;
    this.members = members;
  }

  /** @throws CompileError `data/missing-file`, `data/bad-file` */
  static async open(path: string): Promise<ZipFile> {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      throw missingFile(path, error.code ?? error.message);
    });
    try {
      return new ZipFile(path, file, await readZipDirectory(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A member's content, checked against its checksum. @throws CompileError `data/bad-file` */
  async read(member: ZipMember): Promise<Buffer> {
    const { name, method, start } = member;
    if (member.encrypted) throw badFile(this.path, `"${name}" is encrypted`);
    if (method !== 0 && method !== 8) throw badFile(this.path, `"${name}" is compressed by unknown method ${method}`);
    if (member.bytes > constants.MAX_LENGTH) {
      throw badFile(this.path, `"${name}" has ${member.bytes} bytes, more than fit into memory at once`);
    }
    const header = await readAt(this.#file, start, start + 30, this.path);
    if (header.readUInt32LE(0) !== 0x04034b50) throw badFile(this.path, `the header of "${name}" is damaged`);
    const dataStart = start + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packed = await readAt(this.#file, dataStart, dataStart + member.packedBytes, this.path);
    const bytes = method === 0 ? packed : await this.#inflated(packed, member);
    if (bytes.length !== member.bytes || crc32(bytes) !== member.crc) {
      throw badFile(this.path, `"${name}" does not match its checksum`);
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #inflated(packed: Buffer, member: ZipMember): Promise<Buffer> {
    try {
      // The limit keeps a small file that claims little from unpacking into gigabytes.
      return await inflate(packed, { maxOutputLength: Math.max(1, member.bytes) });
    } catch (error) {
      throw badFile(this.path, `"${member.name}" cannot be unpacked (${(error as Error).message})`);
    }
  }
}
