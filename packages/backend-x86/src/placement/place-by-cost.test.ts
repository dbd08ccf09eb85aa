import { findUnits, sharesParameters, type Unit } from "@lowbit/backend-kit";
import { parseGraph, type CompileError } from "@lowbit/ir";
import { expect, test } from "vitest";
import { x86Capabilities } from "../capabilities.ts";
import { blockedUnits } from "./blocked-layout.ts";
import { builtInCosts } from "./built-in-costs.ts";
import { checkCostTable, costAxes, interpolate, type CostFamily, type CostTable } from "./cost-table.ts";
import { placeByCost } from "./place-by-cost.ts";
import { Prices } from "./unit-costs.ts";

/** A table with the same costs for all shapes: nanoseconds in float and on integers; 1 for both where nothing is said. */
function flat(costs: Partial<Record<CostFamily, readonly [float: number, integer: number]>>): CostTable {
  const families = Object.keys(costAxes) as CostFamily[];
  const grid = (family: CostFamily): CostTable[CostFamily] => {
    const [float, integer] = costs[family] ?? [1, 1];
    return { axes: costAxes[family].map(() => [1]), float: [float], integer: [integer] };
  };
  return Object.fromEntries(families.map((family) => [family, grid(family)])) as CostTable;
}

function floatOnes(text: string, table: CostTable, batch = 1): Readonly<Record<string, string>> {
  const { units } = findUnits(parseGraph(text), x86Capabilities());
  const float = placeByCost(units, new Prices(table, batch), batch);
  return Object.fromEntries([...float].map(([unit, reason]) => [unit.anchor.label, reason]));
}

const chain = `g (float[N,16,10,10] x) => (float[N,16,10,10] y) <float[16,16,1,1] v, float[16,16,1,1] w> {
  [first] a = Conv (x, v)
  [middle] b = GlobalAveragePool (a)
  [last] y = Conv (b, w)
}`;

test("runs on integers what gains more than the conversions around it cost", () => {
  expect(floatOnes(chain, flat({ pointwise: [10, 1] }))).toEqual({});
});

test("leaves float what loses more than two conversions cost, and says for which batch", () => {
  const slowPool = flat({ pointwise: [10, 1], globalAveragePool: [10, 100], fromBlocks: [1, 1] });
  expect(floatOnes(chain, slowPool, 10)).toEqual({
    middle: "at batch 10, it takes 160 µs in float, and on integers 1.6 ms less 35 µs of conversions",
  });
});

test("leaves a whole region float that gains less than its conversions cost, with one reason", () => {
  const reasons = floatOnes(chain, flat({ quantize: [10, 10], dequantize: [10, 10] }));
  expect(Object.keys(reasons)).toEqual(["first", "middle", "last"]);
  expect(new Set(Object.values(reasons)).size).toBe(1);
  expect(reasons["first"]).toMatch(/^at batch 1, the 3 ops around it take .* µs for conversions$/);
  const gaining = flat({ pointwise: [1.1, 1], quantize: [10, 10], dequantize: [10, 10] });
  expect(Object.keys(floatOnes(chain, gaining))).toHaveLength(3);
});

test("leaves float what gains less than prices can tell", () => {
  const gains = (float: number): number =>
    Object.keys(floatOnes(chain, flat({ pointwise: [float, 10], quantize: [1e-3, 1e-3], dequantize: [1e-3, 1e-3] })))
      .length;
  expect([gains(10.2), gains(12)]).toEqual([3, 0]);
});

test("leaves all float when integers gain next to nothing of the whole", () => {
  const float = (pool: number): number =>
    Object.keys(floatOnes(chain, flat({ pointwise: [10, 1], globalAveragePool: [pool, pool] }))).length;
  expect([float(10), float(10_000)]).toEqual([0, 3]);
});

test("counts the blocks that float convolutions lay channels out in: an op without them in between favours integers", () => {
  const between = (
    op: string,
  ): string => `g (float[N,16,10,10] x) => (float[N,16,10,10] y) <float[16,16,1,1] v, float[16,16,1,1] w> {
    [first] a = Conv (x, v)
    [middle] b = ${op} (a)
    [last] y = Conv (b, w)
  }`;
  const table = flat({ pointwise: [1, 1.5], fromBlocks: [9, 9], toBlocks: [9, 9] });
  expect(Object.keys(floatOnes(between("Erf"), table))).not.toContain("last");
  expect(Object.keys(floatOnes(between("Sigmoid"), table))).toContain("last");
});

/** Graphs with shared values, moved codes and several outputs. */
const graphs = [
  chain,
  `g (float[1,16,4,4] x) => (y, z) <float[16,16,1,1] v, float[16,16,3,3] w> {
    a = Conv (x, v)
    b = Conv <pads = [1, 1, 1, 1]> (a, w)
    c = MaxPool <kernel_shape = [2, 2]> (a)
    d = Add (a, b)
    y = Sigmoid (d)
    e = Erf (c)
    z = Conv (e, v)
  }`,
  `g (float[1,16,4,4] x) => (y) <float[16,16,1,1] v, float[16,16,1,1] w> {
    a = Conv (x, v)
    b = Conv (x, w)
    c = Concat <axis = 1> (a, b)
    d = Mul (c, c)
    y = GlobalAveragePool (d)
  }`,
  `g (float[1,16,4,4] x) => (y) <float[16,16,1,1] v, float[16,16,1,1] w> {
    a = Conv (x, v)
    b = Sigmoid (a)
    c = Mul (a, b)
    d = GlobalAveragePool (c)
    e = Conv (d, w)
    f = Mul (e, c)
    y = Conv (f, w)
  }`,
] as const;

test("prices x · sigmoid(x) in float as one kernel, but as two that each dequantize x behind a product on codes", () => {
  const { units } = findUnits(parseGraph(graphs[3]), x86Capabilities());
  const prices = new Prices(flat({ swish: [400, 1], sigmoid: [300, 1], multiply: [500, 1], dequantize: [70, 70] }), 1);
  const [, sigmoid, product] = units.map((unit) => prices.unit(unit));
  // Images of 256 elements; prices are in nanoseconds per element.
  for (const { float } of [sigmoid!, product!]) expect(float).toBeCloseTo((0.256 * 400) / 2, 9);
  expect(sigmoid!.apart!.more).toBeCloseTo(0.256 * (300 + 70 - 200), 9);
  expect(product!.apart!.more).toBeCloseTo(0.256 * (500 - 200), 9);
});

test("prices an image times numbers per channel on integers dearer behind a float kernel", () => {
  const { units } = findUnits(parseGraph(graphs[3]), x86Capabilities());
  const isProductPerChannel = (unit: Unit): boolean => unit.anchor.output.name === "f";
  const { alone, float } = new Prices(flat({ perChannel: [1000, 1] }), 1).unit(units.find(isProductPerChannel)!);
  expect(alone!.from.output.name).toBe("c");
  expect(alone!.more).toBeGreaterThan(float);
});

test.each(graphs)("is as cheap as the best of all placements: graph %#", (text) => {
  const graph = parseGraph(text);
  const { units } = findUnits(graph, x86Capabilities());
  for (let seed = 1; seed <= 40; seed++) {
    const random = (family: number): readonly [number, number] => [
      1 + ((seed * 7 + family * 13) % 11),
      1 + ((seed * 5 + family * 17) % 11),
    ];
    const families = Object.keys(costAxes) as CostFamily[];
    const prices = new Prices(flat(Object.fromEntries(families.map((family, i) => [family, random(i)]))), 1);
    const float = placeByCost(units, prices, 1);
    const all = Array.from({ length: 1 << units.length }, (_, bits) =>
      totalCost(units, prices, (unit) => ((bits >> units.indexOf(unit)) & 1) === 1),
    );
    const best = Math.min(...all);
    // Of a gain below 3 % of the whole, nothing is made use of.
    const isTooLittle = float.size === units.length && best > 0.97 * all[0]!;
    expect(totalCost(units, prices, (unit) => !float.has(unit))).toBeCloseTo(isTooLittle ? all[0]! : best, 6);
  }
});

/** What a placement costs, counted value by value; infinite where an op would have to move codes that are not there. */
function totalCost(units: readonly Unit[], prices: Prices, isInteger: (unit: Unit) => boolean): number {
  const makes = (value: unknown): Unit | undefined =>
    units.find(({ results }) => results.some((each) => each === value));
  const blocked = blockedUnits(units);
  let sum = 0;
  for (const unit of units) {
    const { float, integer, apart, alone } = prices.unit(unit, blocked.has(unit));
    const maker = (node: unknown): Unit | undefined => units.find(({ nodes }) => nodes.some((each) => each === node));
    const [before, image] = [maker(apart?.from), maker(alone?.from)];
    const isApart = before !== undefined && isInteger(before);
    const isAlone = image !== undefined && !isInteger(image);
    sum += isInteger(unit) ? 1.03 * integer + (isAlone ? alone!.more : 0) : float + (isApart ? apart!.more : 0);
  }
  const graph = units[0]!.anchor.graph!;
  for (const value of [...graph.inputs, ...[...graph.nodes].map((node) => node.output)]) {
    if (graph.nodes.length === 0) continue;
    const producer = makes(value);
    const inside = units.some((unit) => unit.nodes.includes(value.producer!) && !unit.results.includes(value));
    if (inside) continue;
    const readers = units.filter(({ anchor }) => anchor.inputs.includes(value));
    const others = value.isGraphOutput || value.users.some((node) => !readers.some(({ anchor }) => anchor === node));
    const isCodes = producer !== undefined && isInteger(producer);
    const inBlocks = !isCodes && producer !== undefined && blocked.has(producer);
    if (!isCodes && readers.some((unit) => isInteger(unit) && sharesParameters(unit))) return Infinity;
    if (isCodes && (others || readers.some((unit) => !isInteger(unit)))) sum += prices.dequantize(value);
    if (!isCodes && readers.some(isInteger)) sum += prices.quantize(value);
    if (inBlocks && (others || readers.some((unit) => isInteger(unit) || !blocked.has(unit))))
      sum += prices.layout("fromBlocks", value);
    if (!inBlocks && readers.some((unit) => unit.anchor.op === "Conv" && !isInteger(unit)))
      sum += prices.layout("toBlocks", value);
  }
  return sum;
}

test("interpolates between the points of a grid in logarithms, and keeps the ends beyond them", () => {
  const grid = { axes: [[1, 100], [4]], float: [2, 8], integer: [1, 1] };
  expect([0.5, 1, 10, 100, 1000].map((size) => interpolate(grid, grid.float, [size, 4]))).toEqual(
    [2, 2, 4, 8, 8].map((each) => expect.closeTo(each, 9) as number),
  );
});

test("takes its own table, and says what is wrong with another", () => {
  expect(checkCostTable(JSON.parse(JSON.stringify(builtInCosts)))).toEqual(builtInCosts);
  const problem = (data: unknown): string => {
    try {
      checkCostTable(data);
    } catch (error) {
      return (error as CompileError).diagnostics[0]!.message;
    }
    return "none";
  };
  expect(problem([])).toBe("the table of kernel costs cannot be used: it holds no object");
  expect(problem({ ...builtInCosts, add: undefined })).toBe(
    'the table of kernel costs cannot be used: "add" is missing',
  );
  expect(problem({ ...builtInCosts, add: { axes: [[1, 2]], float: [1], integer: [1, 1] } })).toBe(
    'the table of kernel costs cannot be used: "add" needs 2 costs above 0 for both types',
  );
});
