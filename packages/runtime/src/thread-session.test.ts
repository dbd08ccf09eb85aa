import { existsSync } from "node:fs";
import { CompileError, newModel, parseGraph, Tensor, type Model } from "@lowbit/ir";
import { describe, expect, test } from "vitest";
import { Session, type SessionOptions } from "./session.ts";
import { ThreadSession } from "./thread-session.ts";

const isBuilt = existsSync(new URL("../dist/session-thread.js", import.meta.url));

const model = (): Model =>
  newModel(
    parseGraph(`g (float[N,2] x, int64[N] i) => (float[N,2] y, int64[N] j) {
      y = Exp (x)
      j = Add (i, i) }`),
  );
const x = (): Tensor => Tensor.of("float", [0, 1, 2, -3], [2, 2]);
const i = (): Tensor => Tensor.of("int64", [5, -7]);

describe.skipIf(!isBuilt)("a session on a thread of its own (needs a build)", () => {
  async function onThread(of = model(), options: SessionOptions = {}): Promise<ThreadSession> {
    const session = await ThreadSession.create(of, options);
    if (session instanceof Session) throw new Error("it was loaded on this thread");
    return session;
  }

  test("answers as a session on this thread does", async () => {
    const [here, there] = [await Session.create(model()), await onThread()];
    expect([there.inputs, there.outputs]).toEqual([here.inputs, here.outputs]);
    const [expected, given] = [await here.run({ x: x(), i: i() }), await there.run({ x: x(), i: i() })];
    for (const name of ["y", "j"]) {
      expect([given[name]!.dtype, given[name]!.dims]).toEqual([expected[name]!.dtype, expected[name]!.dims]);
      expect([...given[name]!.numbers()]).toEqual([...expected[name]!.numbers()]);
    }
    expect(Object.keys(await there.run({ x: x(), i: i() }, ["j"]))).toEqual(["j"]);
    await Promise.all([here.release(), there.release()]);
  });

  test("copies what it is fed, unless the memory is given away; what was fed last comes back once", async () => {
    const session = await onThread();
    const [kept, given] = [x(), i()];
    await session.run({ x: kept, i: given }, undefined, new Set(["i"]));
    expect([...kept.numbers()]).toEqual([0, 1, 2, -3]);
    expect(() => given.typed()).toThrow("detached");
    const fed = await session.lastFeeds();
    expect([...fed["i"]!.numbers()]).toEqual([5, -7]);
    expect(await session.lastFeeds()).toEqual({});
    await session.release();
  });

  test("results written in place are right run after run, also after one that failed", async () => {
    const adding = newModel(parseGraph(`g (float[N,2] x, float[N,2] z) => (float[N,2] y) { y = Add (x, z) }`));
    const session = await onThread(adding, { resultsInPlace: true });
    expect(session.outputs.map(({ name }) => name)).toEqual(["y"]);
    const given = new Set(["x", "z"]);
    let y = x();
    for (let run = 1; run <= 4; run++) {
      y = (await session.run({ x: y, z: x() }, undefined, given))["y"]!;
      expect([...y.numbers()]).toEqual([...x().numbers()].map((value) => value * (run + 1)));
      const misfit = { x: x(), z: Tensor.of("float", [1, 2, 3, 4, 5, 6], [3, 2]) };
      await expect(session.run(misfit, undefined, given)).rejects.toThrow("runtime/run");
    }
    expect([...(await session.lastFeeds())["x"]!.numbers()]).toEqual([...x().numbers()]);
    await session.release();
  });

  describe.each([true, false])("results that stay, written in place: %s", (resultsInPlace) => {
    const staying = new Map([["y", "x"]]);
    const adding = async (): Promise<ThreadSession> =>
      onThread(
        newModel(
          parseGraph(`g (float[2,2] x, float[N,2] z) => (float[2,2] y, float[N,2] twice) {
            y = Add (x, z)
            twice = Add (z, z) }`),
        ),
        { resultsInPlace },
      );
    const numbers = (tensor: Tensor | undefined): readonly number[] => [...tensor!.numbers()];
    const times = (factor: number): readonly number[] => numbers(x()).map((value) => value * factor);

    test("are fed to the next run, until they are taken", async () => {
      const session = await adding();
      const first = await session.run({ x: x(), z: x() }, undefined, new Set(["x"]), staying);
      expect(Object.keys(first)).toEqual(["twice"]);
      for (let run = 2; run <= 4; run++) {
        const { twice } = await session.run({ z: x() }, undefined, new Set(["z"]), staying);
        expect(numbers(twice)).toEqual(times(2));
      }
      expect(numbers((await session.sampleHeld(100))["x"])).toEqual(times(5));
      expect(numbers((await session.sampleHeld(3))["x"])).toEqual([times(5)[0], times(5)[2]]);
      expect(numbers((await session.lastFeeds())["x"])).toEqual(times(4));
      expect(numbers((await session.takeHeld())["x"])).toEqual(times(5));
      await expect(session.run({ z: x() })).rejects.toThrow('input "x" (float) was not given a tensor');
      await session.release();
    });

    test("give way to what is fed in their place, and outlive a run that fails", async () => {
      const session = await adding();
      await session.run({ x: x(), z: x() }, undefined, new Set(), staying);
      await session.run({ x: x(), z: x() }, undefined, new Set(), staying);
      const misfit = { z: Tensor.of("float", [1, 2, 3, 4, 5, 6], [3, 2]) };
      await expect(session.run(misfit, undefined, new Set(), staying)).rejects.toThrow("runtime/run");
      expect(numbers((await session.lastFeeds())["x"])).toEqual(times(2));
      await session.run({ z: x() }, undefined, new Set(), staying);
      expect(numbers((await session.takeHeld())["x"])).toEqual(times(3));
      await session.release();
    });
  });

  test("refuses wrong feeds and goes on after a run that failed", async () => {
    const session = await onThread();
    await expect(session.run({ x: x() })).rejects.toThrow('input "i" (int64) was not given a tensor');
    await expect(session.run({ x: Tensor.of("float", [1, 2, 3], [1, 3]), i: i() })).rejects.toThrow(CompileError);
    expect([...(await session.run({ x: x(), i: i() }))["j"]!.numbers()]).toEqual([10, -14]);
    await session.release();
  });

  test("says why a model cannot be loaded", async () => {
    const unknown = newModel(parseGraph(`g (float[2] x) => (float[2] y) { y = acme.Unknown (x) }`));
    await expect(ThreadSession.create(unknown)).rejects.toThrow("runtime/load");
  });
});
