import { CompileError } from "@lowbit/ir";

/** Kinds of kernels that are priced alike, and along which axes their price depends on the shape. */
export const costAxes = {
  /** Convolutions over windows of one element; per product. */
  pointwise: ["in", "out", "positions"],
  /** Convolutions over larger windows; per product. */
  convolution: ["in", "out", "positions"],
  /** Convolutions of at most three input channels; per product. */
  stem: ["in", "taps", "out", "positions"],
  /** Those with strides, whose blocks kernels on codes read as channels; per product of the window as it was. */
  stridedStem: ["in", "taps", "out", "positions"],
  /** Convolutions of each channel by itself; per product. */
  depthwise: ["channels", "positions"],
  /** Products with a matrix of weights; per product. */
  matrix: ["rows", "inner", "columns"],
  /** Products of floats with a matrix of int8 weights in blocks of 128, beside one of float weights; per product. */
  weightBlocks: ["rows", "inner", "columns"],
  /** Products of computed matrices, many of one size; per product. */
  matrices: ["rows", "inner", "columns"],
  /** Images times, or plus, one number per channel; per element. Kernels run along a plane or along the channels. */
  perChannel: ["channels", "plane", "positions"],
  /** The rest: per element of the largest operand or result. */
  add: ["elements"],
  multiply: ["elements"],
  sigmoid: ["elements"],
  /** x · sigmoid(x), in float one kernel behind a convolution. */
  swish: ["elements"],
  softmax: ["elements"],
  maxPool: ["elements"],
  averagePool: ["elements"],
  globalAveragePool: ["elements"],
  resize: ["elements"],
  move: ["elements"],
  /** From float to codes and back. */
  quantize: ["elements"],
  dequantize: ["elements"],
  /** Moving the channels of codes last, or back. */
  moveChannels: ["elements"],
  /** Putting the channels of floats into blocks, as float convolutions want them, and back. */
  toBlocks: ["elements"],
  fromBlocks: ["elements"],
} as const satisfies Record<string, readonly string[]>;

/** The name of a family of kernels whose costs are measured together. */
export type CostFamily = keyof typeof costAxes;

/** What a family of kernels costs at the points of a grid of shapes, in nanoseconds per product or element. */
export interface CostGrid {
  /** Increasing sizes along each axis. */
  readonly axes: readonly (readonly number[])[];
  /** One per point, the last axis running fastest. For conversions both columns say the same. */
  readonly float: readonly number[];
  readonly integer: readonly number[];
}

/** What kernels cost on one kind of machine, with one thread. */
export type CostTable = Readonly<Record<CostFamily, CostGrid>>;

/** A cost between the points of a grid: linear in the logarithms of sizes and costs, constant beyond the ends. */
export function interpolate({ axes }: CostGrid, costs: readonly number[], at: readonly number[]): number {
  let corners: readonly (readonly [index: number, share: number])[] = [[0, 1]];
  for (const [axis, sizes] of axes.entries()) {
    const [below, share] = placeIn(sizes, at[axis]!);
    corners = corners.flatMap(([index, part]) => {
      const first = index * sizes.length + below;
      return share === 0
        ? [[first, part] as const]
        : ([
            [first, part * (1 - share)],
            [first + 1, part * share],
          ] as const);
    });
  }
  return Math.exp(corners.reduce((sum, [index, share]) => sum + share * Math.log(costs[index]!), 0));
}

/** The last point not above a size, and how far the size is on the way to the next, in logarithms. */
function placeIn(sizes: readonly number[], size: number): readonly [below: number, share: number] {
  const above = sizes.findIndex((each) => each > size);
  if (above === 0) return [0, 0];
  if (above < 0) return [sizes.length - 1, 0];
  const [low, high] = [sizes[above - 1]!, sizes[above]!];
  return [above - 1, Math.log(size / low) / Math.log(high / low)];
}

/**
 * A cost table that was read from a file.
 *
 * @throws CompileError `backend/costs` when something is missing or of the wrong form
 */
export function checkCostTable(data: unknown): CostTable {
  if (!isObject(data)) throw badCosts("it holds no object");
  for (const family of Object.keys(costAxes) as CostFamily[]) {
    const problem = gridProblem(data[family], costAxes[family].length);
    if (problem !== null) throw badCosts(`"${family}" ${problem}`);
  }
  return data as CostTable;
}

function gridProblem(grid: unknown, rank: number): string | null {
  if (!isObject(grid)) return "is missing";
  const { axes, float, integer } = grid;
  if (!Array.isArray(axes) || axes.length !== rank) return `needs ${rank} axes`;
  if (!axes.every((axis) => isPositive(axis) && axis.every((size, i) => i === 0 || size > axis[i - 1]!)))
    return "has axes that are not lists of increasing sizes";
  const points = (axes as number[][]).reduce((product, axis) => product * axis.length, 1);
  for (const costs of [float, integer])
    if (!isPositive(costs) || costs.length !== points) return `needs ${points} costs above 0 for both types`;
  return null;
}

function isPositive(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === "number" && Number.isFinite(each) && each > 0)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function badCosts(problem: string): CompileError {
  return new CompileError({
    code: "backend/costs",
    severity: "error",
    message: `the table of kernel costs cannot be used: ${problem}`,
    help: "`lowbit bench --calibrate-costs FILE` measures a table on this machine",
  });
}
