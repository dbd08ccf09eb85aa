import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tensor } from "@lowbit/ir";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkCheckpoint, loadCheckpoint, saveCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { Training } from "./manifest.ts";
import { decodeSafetensors } from "./safetensors.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lowbit-checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const training: Training = { model: "abc", settings: { batch: 32, seed: 0 } };
const state = new Map([["w", Tensor.of("float", [1, 2, 3, 4], [2, 2])]]);

function at(steps: number, best: Checkpoint["best"] = null): Checkpoint {
  return { position: { epoch: 1, batches: 2, steps, lossSum: 0.5, seconds: 3 }, state, best };
}

test("what is saved comes back, and only the newest files stay", () => {
  saveCheckpoint(folder, training, at(5, { epoch: 0, validation: 0.9, state }));
  saveCheckpoint(folder, training, at(9, { epoch: 1, validation: 0.95, state }));
  const loaded = loadCheckpoint(folder, training)!;
  expect(loaded.position).toEqual(at(9).position);
  expect([...loaded.state.get("w")!.floats()]).toEqual([1, 2, 3, 4]);
  expect([loaded.best?.epoch, loaded.best?.validation]).toEqual([1, 0.95]);
  expect(readdirSync(folder).toSorted()).toEqual(["best-1.safetensors", "checkpoint.json", "state-9.safetensors"]);
});

test("the state is a safetensors file under the model's own names", () => {
  saveCheckpoint(folder, training, at(5));
  const { tensors } = decodeSafetensors(readFileSync(join(folder, "state-5.safetensors")), "state");
  expect([...tensors].map(([name, { dtype, dims }]) => [name, dtype, dims])).toEqual([["w", "float", [2, 2]]]);
});

test("files that a killed process left half written go with the next save; other files stay", () => {
  saveCheckpoint(folder, training, at(5));
  writeFileSync(join(folder, "state-7.safetensors.1234.partial"), "half");
  writeFileSync(join(folder, "state-7.safetensors"), "written, but its manifest was not");
  writeFileSync(join(folder, "notes.txt"), "mine");
  expect(loadCheckpoint(folder, training)!.position.steps).toBe(5);
  saveCheckpoint(folder, training, at(9));
  expect(readdirSync(folder).toSorted()).toEqual(["checkpoint.json", "notes.txt", "state-9.safetensors"]);
});

test("a state of another run in the place of its own is told from it", () => {
  saveCheckpoint(folder, training, at(5));
  const manifest = readFileSync(join(folder, "checkpoint.json"));
  saveCheckpoint(folder, { ...training, model: "other" }, at(5));
  writeFileSync(join(folder, "checkpoint.json"), manifest);
  expect(() => loadCheckpoint(folder, training)).toThrow("it is not the state that checkpoint.json was written with");
});

test.each<[string, () => Training, string]>([
  ["another model", () => ({ ...training, model: "def" }), "belongs to another model"],
  [
    "other settings",
    () => ({ ...training, settings: { batch: 16, seed: 0 } }),
    "belongs to a run with other settings: batch 32, not 16",
  ],
])("a checkpoint of %s is refused", (_, other, reason) => {
  saveCheckpoint(folder, training, at(5));
  expect(() => loadCheckpoint(folder, other())).toThrow(reason);
});

const edited = (change: (text: string) => string): void => {
  saveCheckpoint(folder, training, at(5));
  const path = join(folder, "checkpoint.json");
  writeFileSync(path, change(readFileSync(path, "utf8")));
};

test.each<[string, (text: string) => string, string]>([
  [
    "of another version of lowbit",
    (text) => text.replace(/"lowbit": "[^"]+"/, '"lowbit": "0.0.9"'),
    "was saved by lowbit 0.0.9, and this is lowbit ",
  ],
  ["of another format", (text) => text.replace(/"format": \d+/, '"format": 99'), "and this is lowbit "],
  ["from before versions were written down", () => '{"format":2}', "was saved by an earlier version of lowbit, and"],
  ["that was cut off", (text) => text.slice(0, 40), "it is no JSON, so no checkpoint, or one that was damaged"],
  ["of something else", () => '{"name":"x"}', "it is no checkpoint"],
  ["of nothing", () => "null", "it is no checkpoint"],
])("a manifest %s is refused", (_, change, reason) => {
  edited(change);
  for (const attempt of [() => loadCheckpoint(folder, training), () => checkCheckpoint(folder, {})]) {
    expect(attempt).toThrow(reason);
  }
});

test("a checkpoint can be looked at before all about the run is known", () => {
  saveCheckpoint(folder, training, at(5));
  checkCheckpoint(folder, { batch: 32 });
  checkCheckpoint(join(folder, "none"), { batch: 32 });
  expect(() => checkCheckpoint(folder, { batch: 16 })).toThrow("a run with other settings: batch 32, not 16");
});
