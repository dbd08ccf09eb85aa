import { mkdirSync } from "node:fs";
import { pathToFileURL, fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Workshop } from "../workshop.testing.ts";

// Each run is a process of its own, which takes a second on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The built API, which a plug-in outside the repository imports by path here and by name in life. */
const api = pathToFileURL(fileURLToPath(new URL("../../dist/index.js", import.meta.url))).href;

const acme = `
  import { arm } from "${api}";
  export default ({ features, prefer }) => ({ ...arm({ prefer: "integer" }), name: ["acme", ...features, prefer].join("-") });`;

let workshop: Workshop;
beforeAll(() => {
  workshop = new Workshop().withMlp();
  workshop.write("acme.mjs", acme);
  const installed = (name: string, entry: string): void => {
    mkdirSync(workshop.path(`node_modules/${name}`), { recursive: true });
    workshop.write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: "module", ...JSON.parse(entry) }));
    workshop.write(`node_modules/${name}/index.js`, acme);
  };
  installed("acme-npu", `{ "main": "index.js" }`);
  installed("@acme/npu", `{ "exports": { ".": { "import": "./index.js" } } }`);
  workshop.write(
    "buggy.mjs",
    `import { arm } from "${api}";
    export const backend = { ...arm(), quantizer: { name: "buggy", annotate() { return undefined.specs; } } };`,
  );
});
afterAll(() => workshop.close());

test.each([
  ["./acme.mjs", "acme-speed"],
  ["./acme.mjs:fast", "acme-fast-speed"],
  ["acme-npu", "acme-speed"],
  ["@acme/npu:fast,wide", "acme-fast-wide-speed"],
])("--backend %s is found, made and used", async (text, name) => {
  const facts = await workshop.json(`inspect mlp.onnx --backend ${text}`);
  expect(facts["quantizable"]).toMatchObject({ backend: name, ops: { Gemm: { integer: 2, float: 0 } } });
});

test("a model quantized for a plug-in runs", async () => {
  const result = await workshop.json(
    "quantize mlp.onnx -o out.onnx --backend ./acme.mjs --prefer integer --calibrate train.npz",
  );
  expect(result).toMatchObject({ backend: "acme-integer", integerMacs: 1 });
});

test("a backend of the configuration file is found by its name, and takes no features", async () => {
  workshop.write(
    "with-backend.mjs",
    `import { arm } from "${api}"; export default { backends: [{ ...arm(), name: "house" }] };`,
  );
  const facts = await workshop.json("inspect mlp.onnx --config with-backend.mjs --backend house");
  expect(facts["quantizable"]).toMatchObject({ backend: "house" });
  const { stderr } = await workshop.run("inspect mlp.onnx --config with-backend.mjs --backend house:big");
  expect(stderr).toBe('error backend/unknown-feature: backend house has no feature "big"; it has no features\n');
});

test("a backend may be an instance of a class whose members are getters", async () => {
  workshop.write(
    "class.mjs",
    `import { arm } from "${api}";
    class Npu {
      #arm = arm({ prefer: "integer" });
      get name() { return "npu"; }
      get quantizer() { return this.#arm.quantizer; }
      get capabilities() { return this.#arm.capabilities; }
      get lower() { return this.#arm.lower; }
      get arithmetic() { return this.#arm.arithmetic; }
    }
    export const backend = new Npu();`,
  );
  const result = await workshop.json("quantize mlp.onnx -o class.onnx --backend ./class.mjs --calibrate train.npz");
  expect(result).toMatchObject({ backend: "npu", integerMacs: 1 });
});

test("a bug in a plug-in shows a short message, and its stack only on request", async () => {
  const { code, stderr } = await workshop.run("inspect mlp.onnx --backend ./buggy.mjs");
  expect(code).toBe(1);
  expect(stderr).toMatchInlineSnapshot(`
    "error internal: Cannot read properties of undefined (reading 'specs')
      help: this is a bug in lowbit or in a plug-in; please report it with the command you ran
      LOWBIT_DEBUG=1 shows where it happened
    "
  `);
  const debugged = await workshop.run("inspect mlp.onnx --backend ./buggy.mjs", { env: { LOWBIT_DEBUG: "1" } });
  expect(debugged.stderr).toMatch(/\n {4}at .*buggy\.mjs/);
});
