import { describe, expect, test } from "vitest";
import { inLanes, lanesFor } from "./lanes.ts";

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, milliseconds));

describe("work in lanes", () => {
  test("gives results in the order of the items, and never works on two in a lane", async () => {
    const busy = new Set<number>();
    let most = 0;
    const work = async (item: number, index: number, lane: number): Promise<string> => {
      expect(busy.has(lane)).toBe(false);
      busy.add(lane);
      most = Math.max(most, busy.size);
      await wait(item);
      busy.delete(lane);
      return `${index}:${item}`;
    };
    const results: string[] = [];
    for await (const result of inLanes([9, 1, 5, 1, 1], 2, work, () => {})) results.push(result);
    expect(results).toEqual(["0:9", "1:1", "2:5", "3:1", "4:1"]);
    expect(most).toBe(2);
  });

  test("waits for all lanes when one fails or the caller leaves, and says that they should end", async () => {
    let [running, left] = [0, 0];
    const working =
      (failing: number | null) =>
      async (item: number): Promise<number> => {
        running++;
        await wait(5);
        running--;
        if (item === failing) throw new Error(`item ${item}`);
        return item;
      };
    const take = async (failing: number | null, last: number): Promise<void> => {
      for await (const item of inLanes([0, 1, 2, 3], 3, working(failing), () => left++)) if (item === last) return;
    };
    await expect(take(1, 3)).rejects.toThrow("item 1");
    expect([running, left]).toEqual([0, 1]);
    await take(null, 0);
    expect([running, left]).toEqual([0, 2]);
    await take(null, 4);
    expect([running, left]).toEqual([0, 2]);
  });

  test("are as many as there are threads, up to four", () => {
    expect([1, 2, 3, 8].map((threads) => lanesFor(threads))).toEqual([
      { lanes: 1, threads: 1 },
      { lanes: 2, threads: 1 },
      { lanes: 3, threads: 1 },
      { lanes: 4, threads: 2 },
    ]);
  });
});
