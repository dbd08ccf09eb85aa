import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataLocation, encodeModel } from "@lowbit/onnx-proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { convertOpset } from "../opset/convert-opset.ts";
import { verifyModel } from "../verify/verify.ts";
import { proto } from "./messages.testing.ts";
import { loadModel } from "./model-file.ts";
import { saveModel } from "./save-model.ts";

// Reading zeros takes seconds a gigabyte: the 3 GiB that files may have beyond protobuf's limit are for the nightly run.
const nightly = process.env["LOWBIT_NIGHTLY"] === "1";
const layers = nightly ? 48 : 12;
const layerBytes = 2 ** 26;
const totalBytes = layers * layerBytes;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-large-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A chain of matrix products whose weights are zeros, which take no room on the disk, and one marker each. */
function writeLargeModel(path: string): void {
  const data = openSync(`${path}.data`, "w");
  ftruncateSync(data, totalBytes);
  for (let layer = 0; layer < layers; layer++) writeSync(data, Uint8Array.of(layer + 1), 0, 1, layer * layerBytes);
  closeSync(data);
  const model = proto.model({
    input: [proto.info("x0", [1, 4096])],
    output: [proto.info(`x${layers}`, [1, 4096])],
    node: Array.from({ length: layers }, (_, layer) =>
      proto.node("MatMul", [`x${layer}`, `w${layer}`], [`x${layer + 1}`]),
    ),
    initializer: Array.from({ length: layers }, (_, layer) =>
      proto.tensor(`w${layer}`, [4096, 4096], {
        data_location: DataLocation.EXTERNAL,
        external_data: [
          proto.entry("location", "large.onnx.data"),
          proto.entry("offset", String(layer * layerBytes)),
          proto.entry("length", String(layerBytes)),
        ],
      }),
    ),
  });
  writeFileSync(path, encodeModel(model));
}

test(
  `a model of ${totalBytes / 2 ** 20} MiB is loaded, verified and saved in 128 MiB of memory`,
  { timeout: 120_000 },
  () => {
    writeLargeModel(join(folder, "large.onnx"));
    const before = peakBytes();
    const model = loadModel(join(folder, "large.onnx"));
    convertOpset(model);
    expect(verifyModel(model)).toEqual([]);
    const saved = saveModel(model, join(folder, "copy.onnx"));
    expect(peakBytes() - before).toBeLessThan(2 ** 27);
    expect(statSync(saved.data!).size).toBe(totalBytes);
    const copy = loadModel(saved.model);
    const markers = Array.from(
      { length: layers },
      (_, layer) => copy.graph.value(`w${layer}`)!.initializer!.bytes()[0],
    );
    expect(markers).toEqual(Array.from({ length: layers }, (_, layer) => layer + 1));
    expect(peakBytes()).toBeLessThan(2 ** 30);
  },
);

/** The most memory this process, which runs this file only, has had at a time. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
