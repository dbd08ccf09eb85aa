import fc from "fast-check";
import protobuf from "protobufjs/minimal.js";
import { expect, test } from "vitest";
import { bytesOf, countVarints, extend, packedBytes, packedSize, readVarints } from "./packed.ts";

test("packed int32 elements are the bytes that protobufjs writes", () => {
  fc.assert(
    fc.property(fc.int32Array(), (array) => {
      const written = protobuf.Writer.create()
        .int32s([...array])
        .finish();
      const reader = new protobuf.Reader(written);
      const expected = reader.bytes();
      const bytes = packedBytes(array, packedSize(array));
      expect([...bytes]).toEqual([...expected]);
      const read = new Int32Array(countVarints(bytes, 0, bytes.length));
      expect(readVarints(bytes, 0, bytes.length, read, 0)).toBe(bytes.length);
      expect(read).toEqual(array);
    }),
    { seed: 1 },
  );
});

test("packed 64-bit elements come back", () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt64Array(), fc.bigUint64Array()), (array) => {
      const bytes = packedBytes(array, packedSize(array));
      expect(bytes.length).toBe(packedSize(array));
      const read = array instanceof BigInt64Array ? new BigInt64Array(array.length) : new BigUint64Array(array.length);
      readVarints(bytes, 0, bytes.length, read, 0);
      expect(read).toEqual(array);
    }),
    { seed: 2 },
  );
});

test("packed floats are the array's own memory", () => {
  const array = Float32Array.of(1, -0, NaN);
  expect(packedBytes(array, packedSize(array)).buffer).toBe(array.buffer);
});

test("extending by single elements allocates few times", () => {
  const buffers = new Set<ArrayBufferLike>();
  let array = new Float32Array(0);
  for (let i = 0; i < 1000; i++) {
    array = extend(array, 1);
    array[i] = i;
    buffers.add(array.buffer);
  }
  expect(array).toEqual(Float32Array.from({ length: 1000 }, (_, i) => i));
  expect(buffers.size).toBeLessThan(13);
});

test("the bytes of a typed array are a view", () => {
  const array = Float64Array.of(1, 2).subarray(1);
  expect(bytesOf(array)).toMatchObject({ byteOffset: 8, byteLength: 8 });
});
