const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const loneSurrogate = /\p{Surrogate}/u;
const escapeBase = 0xdc00;

/**
 * The string of UTF-8 bytes. Bytes that are not UTF-8 still give a string that `textBytes` turns back into the same
 * bytes: each byte 0x80 to 0xff that is part of no character becomes the lone surrogate U+DC80 to U+DCFF, which
 * no valid UTF-8 can produce (the idea is Python's PEP 383).
 */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return "";
  try {
    return decoder.decode(bytes);
  } catch {
    return escapedText(bytes);
  }
}

function escapedText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    text +=
      length === 0 ? String.fromCharCode(escapeBase + bytes[at]!) : decoder.decode(bytes.subarray(at, at + length));
    at += Math.max(length, 1);
  }
  return text;
}

/** Bytes of the valid UTF-8 character at `at`, 0 if there is none (Unicode standard, table 3-7). */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1]!;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}

/** Bytes that `textBytes` gives for a string; -1 if it has no such form. */
export function textSize(text: string): number {
  let size = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) size += 1;
    else if (unit < 0xd800 || unit > 0xdfff) size += 2;
    else {
      const next = text.charCodeAt(at + 1);
      if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
        size += 2;
        at++;
      } else if (!isEscape(unit)) return -1;
    }
  }
  return size;
}

/** Whether a string is UTF-8 without any escape of `textOf`. */
export function isPlainText(text: string): boolean {
  return !loneSurrogate.test(text);
}

/** The bytes of a string that has them (see `textSize`): UTF-8, with the escapes of `textOf` turned back. */
export function textBytes(text: string): Uint8Array {
  if (isPlainText(text)) return encoder.encode(text);
  const bytes = new Uint8Array(textSize(text));
  let pos = 0;
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (character.length === 1 && isEscape(unit)) bytes[pos++] = unit - escapeBase;
    else pos += encoder.encodeInto(character, bytes.subarray(pos)).written;
  }
  return bytes;
}

function isEscape(unit: number): boolean {
  return unit >= escapeBase + 0x80 && unit <= escapeBase + 0xff;
}
