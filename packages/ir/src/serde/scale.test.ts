import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AttributeType, create, encodeModel, type ModelProto } from "@lowbit/onnx-proto";
import { afterAll, expect, test } from "vitest";
import { verifyModel } from "../verify/verify.ts";
import { importModel } from "./import-model.ts";
import { modelBytes } from "./export-model.ts";
import { proto } from "./messages.testing.ts";
import { loadModel } from "./model-file.ts";
import { saveModel } from "./save-model.ts";

const folder = mkdtempSync(join(tmpdir(), "lowbit-scale-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A chain with a branch back every third node. */
function chain(length: number): ModelProto {
  const slope = [proto.attribute("alpha", { type: AttributeType.FLOAT, f: 0.5 })];
  const node = Array.from({ length }, (_, i) => {
    const output = [`x${i + 1}`];
    if (i % 3 === 0) return proto.node("LeakyRelu", [`x${i}`], output, { attribute: slope, name: `node${i}` });
    return i % 3 === 1 ? proto.node("Relu", [`x${i}`], output) : proto.node("Add", [`x${i}`, `x${i - 2}`], output);
  });
  return proto.model({
    node,
    input: [proto.info("x0")],
    output: [proto.info(`x${length}`)],
    value_info: node.slice(0, -1).map(({ output }) => proto.info(output[0]!)),
  });
}

test("100,000 nodes are loaded, verified and saved as they were", { timeout: 60_000 }, () => {
  const [path, copy] = [join(folder, "chain.onnx"), join(folder, "copy.onnx")];
  writeFileSync(path, encodeModel(chain(100_000)));
  const model = loadModel(path);
  expect(verifyModel(model)).toEqual([]);
  saveModel(model, copy);
  expect(Buffer.compare(readFileSync(copy), readFileSync(path))).toBe(0);
});

test("nodes in reverse order are put in order without running out of stack", { timeout: 60_000 }, () => {
  const { graph, ...rest } = chain(100_000);
  const reversed = create("ModelProto", { ...rest, graph: { ...graph!, node: graph!.node.toReversed() } });
  const model = importModel(reversed);
  expect(model.graph.nodes.first!.label).toBe("node0");
  expect(verifyModel(model)).toEqual([]);
});

test("bodies nested as deep as protobuf allows are read, verified and written", () => {
  const nested = (depth: number): ReturnType<typeof chain>["graph"] =>
    create("GraphProto", {
      name: `g${depth}`,
      output: [proto.info(`y${depth}`)],
      node: [
        depth === 0
          ? proto.node("Identity", ["x"], ["y0"])
          : proto.node("Op", [], [`y${depth}`], {
              domain: "com.acme",
              attribute: [proto.attribute("body", { type: AttributeType.GRAPH, g: nested(depth - 1)! })],
            }),
      ],
    });
  const imports = ["", "com.acme"].map((domain) => create("OperatorSetIdProto", { domain, version: 21 }));
  const message = proto.model({ ...nested(95)!, input: [proto.info("x")] }, { opset_import: imports });
  const bytes = encodeModel(message);
  const model = importModel(bytes);
  expect(verifyModel(model)).toEqual([]);
  expect(Buffer.compare(modelBytes(model), bytes)).toBe(0);
});
