/** First words of the types that are not tensors, in the ONNX textual syntax. */
export const typeWords = ["seq", "map", "optional", "sparse_tensor", "opaque"] as const;

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const floatWord = /^(?:inf|infinity|nan)$/i;

/** Whether a word is a special floating-point literal, in any case. */
export function isFloatWord(word: string): boolean {
  return floatWord.test(word);
}

/** A string literal: quotes and backslashes are escaped, everything else (line ends too) stands for itself. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A name as the syntax can read it back: bare where it is an identifier, else quoted. */
export function quotable(name: string): string {
  return identifier.test(name) ? name : quoted(name);
}

/** Text of bytes that are not UTF-8: each byte above 127 becomes the lone surrogate U+DC00 + byte, as Python does. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
  return text;
}

/** The bytes of a string literal; the inverse of `escapeBytes` where the text has lone surrogates, else UTF-8. */
export function literalBytes(text: string): Uint8Array {
  if (!hasEscapedBytes(text)) return new TextEncoder().encode(text);
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff);
}

/** Whether text is what `escapeBytes` makes of bytes that are not UTF-8. */
export function hasEscapedBytes(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- ASCII is exactly this range
  return /[\udc80-\udcff]/.test(text) && /^[\u0000-\u007f\udc80-\udcff]*$/.test(text);
}
