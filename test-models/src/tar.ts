/** One regular file of a tar archive. */
export interface TarEntry {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const blockSize = 512;

/** The regular files of a tar archive in memory (ustar, GNU and pax long names), in archive order. */
export function* tarEntries(archive: Uint8Array): Iterable<TarEntry> {
  let longPath: string | null = null;
  for (let offset = 0; offset + blockSize <= archive.length;) {
    const header = archive.subarray(offset, offset + blockSize);
    const size = Number.parseInt(text(header, 124, 12) || "0", 8);
    const bytes = archive.subarray(offset + blockSize, offset + blockSize + size);
    const kind = text(header, 156, 1);
    offset += blockSize * (1 + Math.ceil(size / blockSize));
    if (kind === "L") {
      longPath = text(bytes, 0, size);
    } else if (kind === "x") {
      longPath = /\d+ path=(.*)\n/.exec(new TextDecoder().decode(bytes))?.[1] ?? null;
    } else {
      const prefix = text(header, 257, 5) === "ustar" ? text(header, 345, 155) : "";
      const path: string = longPath ?? (prefix && prefix + "/") + text(header, 0, 100);
      longPath = null;
      if ((kind === "0" || kind === "") && path !== "") yield { path, bytes };
    }
  }
}

/** Text of a fixed-width header field, which ends at the first NUL. */
function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}
