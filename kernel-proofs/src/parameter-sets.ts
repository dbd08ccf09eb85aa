/** Scales and zero points of a case; zero points count from the lowest code. */
export interface Parameters {
  readonly name: string;
  /** Whether forms of an op that take no kernel of their own are proven under them too. */
  readonly isForForms?: boolean;
  readonly xScale: number;
  readonly zScale: number;
  readonly wScale: number;
  /** Whether channels differ by powers of two only, so that multipliers are exact. */
  readonly exact: boolean;
  /** The multiplier of a product of `depth` terms; for other ops y's scale is x's divided by `ratio`. */
  readonly multiplier: (depth: number) => number;
  readonly ratio: number;
  readonly x: number;
  readonly y: number;
  readonly reach?: number;
}

/** Parameters that lead a kernel to its corners: ordinary ones, ties everywhere, zero points at the ends. */
export const parameterSets: readonly Parameters[] = [
  {
    name: "ordinary",
    isForForms: true,
    xScale: 0.0123,
    zScale: 0.0371,
    wScale: 0.0071,
    exact: false,
    multiplier: (depth) => 0.011 / Math.sqrt(depth),
    ratio: 0.83,
    x: 117,
    y: 131,
  },
  {
    name: "ties",
    xScale: 0.5,
    zScale: 0.5,
    wScale: 1,
    exact: true,
    multiplier: () => 0.5,
    ratio: 0.5,
    x: 128,
    y: 128,
    reach: 1,
  },
  {
    name: "zero points at the ends",
    isForForms: true,
    xScale: 0.031,
    zScale: 0.0021,
    wScale: 0.0013,
    exact: false,
    multiplier: (depth) => 1 / (140 * depth),
    ratio: 1.31,
    x: 0,
    y: 255,
  },
  {
    name: "zero points at the other ends",
    xScale: 0.0007,
    zScale: 0.029,
    wScale: 0.0113,
    exact: false,
    multiplier: (depth) => 1 / (140 * depth),
    ratio: 0.017,
    x: 255,
    y: 0,
  },
  {
    name: "scales far apart",
    xScale: 0.000011,
    zScale: 0.9,
    wScale: 0.5,
    exact: false,
    multiplier: (depth) => 0.9 / depth,
    ratio: 0.00001,
    x: 128,
    y: 100,
  },
];
