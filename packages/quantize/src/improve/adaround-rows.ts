import { GraphEditor, newModel, parseGraph, Tensor, type Model } from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { roundedToNearest, rowErrors, type RoundingProblem } from "./rounding-problem.ts";

/** How long and how hard AdaRound looks. */
interface AdaRoundSettings {
  /** Steps of Adam. */
  readonly iterations: number;
  readonly learningRate: number;
  /** Weight of the term that drives every rounding to 0 or 1, where the error of rounding to nearest counts 1 per weight. */
  readonly regularization: number;
}

const defaultAdaRound: AdaRoundSettings = { iterations: 1000, learningRate: 0.03, regularization: 10 };

/** Share of the steps before the roundings are driven apart. */
const warmUp = 0.2;
/** The exponent of the regularizer, from round basin to sharp ridge. */
const [startExponent, endExponent] = [20, 2];
/** Ends of the stretched sigmoid (section 3.2). */
const [gamma, zeta] = [-0.1, 1.1];

/**
 * Learns for every weight whether to round it up or down, so that the results of the layer change least (Nagel et al., "Up
 * or Down? Adaptive Rounding for Post-Training Quantization", 2020, eq. 20 to 24): h = clip(1.2·σ(v) - 0.1, 0, 1) with
 * Adam on ‖D·X‖² + λ·Σ(1 - |2h - 1|^β), D = s·(⌊w/s⌋ + h) - w. The norm is D·(Σ x·xᵀ)·Dᵀ, so the inputs themselves
 * need not be kept. The activation behind the layer is not in it.
 *
 * The gradients are written out below rather than derived: this package stands below the one that trains. A step is a small
 * graph that ONNX Runtime runs with all its threads; the state goes through JavaScript, which costs little beside the
 * product of the moments.
 */
export async function adaroundRows(
  problem: RoundingProblem,
  settings: AdaRoundSettings = defaultAdaRound,
  threads?: number,
): Promise<Float64Array> {
  const grid = floorsOf(problem);
  const dims = [problem.groups, problem.rows, problem.columns];
  const session = await Session.create(stepModel(problem, grid, dims), threads === undefined ? {} : { threads });
  let v = Tensor.fromTyped("float", dims, Float32Array.from(grid.fractions, startOf));
  let [m, q] = [v, v].map((like) => Tensor.fromTyped("float", dims, new Float32Array(like.size))) as [Tensor, Tensor];
  try {
    for (let i = 0; i < settings.iterations; i++) {
      const next = await session.run({ v, m, q, ...schedule(i, settings) });
      [v, m, q] = [next["v_next"]!, next["m_next"]!, next["q_next"]!];
    }
  } finally {
    await session.release();
  }
  const learned = v.floats();
  // σ(v) > 1/2 is h > 1/2: rounded up.
  return grid.floors.map((floor, i) => problem.nearest(floor + (learned[i]! > 0 ? grid.steps[i]! : 0), i));
}

/** Each weight's neighbours on the grid. */
interface Floors {
  /** The neighbour below; the nearest number for weights that the grid does not reach. */
  readonly floors: Float64Array;
  /** From there to the neighbour above; 0 where there is none. */
  readonly steps: Float64Array;
  /** How far the weight is on its way up, 0 to 1. */
  readonly fractions: Float64Array;
}

function floorsOf({ weights, nearest, step, reach }: RoundingProblem): Floors {
  const floors = weights.map((weight, i) => {
    const near = nearest(weight, i);
    return near > weight && near > reach(i)[0] ? near - step(i) : near;
  });
  const steps = floors.map((floor, i) => {
    const [least, most] = reach(i);
    const isInside = weights[i]! > least && weights[i]! < most;
    return isInside && floor + step(i) / 2 < most ? step(i) : 0;
  });
  const fractions = weights.map((weight, i) => (steps[i] === 0 ? 0.5 : (weight - floors[i]!) / steps[i]!));
  return { floors, steps, fractions };
}

/** v with h = fraction. */
function startOf(fraction: number): number {
  const inside = Math.min(Math.max(fraction, 1e-4), 1 - 1e-4);
  return -Math.log((zeta - gamma) / (inside - gamma) - 1);
}

/** What changes from step to step: Adam's corrections, and the regularizer, which sets in after a while. */
function schedule(i: number, { iterations, learningRate, regularization }: AdaRoundSettings): Record<string, Tensor> {
  const begin = Math.floor(warmUp * iterations);
  const done = Math.max(0, (i - begin) / Math.max(1, iterations - begin));
  const exponent = endExponent + 0.5 * (startExponent - endExponent) * (1 + Math.cos(done * Math.PI));
  const scalar = (value: number): Tensor => Tensor.scalar("float", value);
  return {
    rate: scalar(learningRate / (1 - 0.9 ** (i + 1))),
    correction: scalar(1 / (1 - 0.999 ** (i + 1))),
    lambda: scalar(i < begin ? 0 : regularization),
    exponent: scalar(exponent),
  };
}

/** One step of Adam: v, its first moment m and second moment q. */
function stepModel(problem: RoundingProblem, { floors, steps }: Floors, dims: readonly number[]): Model {
  const { groups, columns, weights } = problem;
  const cube = `float[${dims.join(",")}]`;
  const graph =
    parseGraph(`step (${cube} v, ${cube} m, ${cube} q, float rate, float correction, float lambda, float exponent)
      => (${cube} v_next, ${cube} m_next, ${cube} q_next)
    <
      ${cube} below, ${cube} steps, float[${groups},${columns},${columns}] moments, ${cube} shares,
      float zero = {0}, float one = {1}, float two = {2}, float width = {${zeta - gamma}}, float low = {${gamma}},
      float near = {0.9}, float far = {0.1}, float slow = {0.999}, float quick = {0.001}, float tiny = {1e-8}
    > {
      sigma = Sigmoid (v)
      wide = Mul (sigma, width)
      stretched = Add (wide, low)
      h = Clip (stretched, zero, one)
      up = Mul (h, steps)
      d = Add (below, up)
      error = MatMul (d, moments)
      scaled = Mul (error, shares)
      doubled = Add (h, h)
      side = Sub (doubled, one)
      distance = Abs (side)
      power = Sub (exponent, one)
      slope = Pow (distance, power)
      sign = Sign (side)
      signed = Mul (slope, sign)
      strength = Mul (lambda, exponent)
      pushed = Mul (signed, strength)
      push = Mul (pushed, two)
      along_h = Sub (scaled, push)
      rest = Sub (one, sigma)
      both = Mul (sigma, rest)
      inner = Mul (both, width)
      free = Equal (stretched, h)
      moves = Cast <to = 1> (free)
      along_v = Mul (along_h, inner)
      gradient = Mul (along_v, moves)
      m_kept = Mul (m, near)
      m_new = Mul (gradient, far)
      m_next = Add (m_kept, m_new)
      square = Mul (gradient, gradient)
      q_kept = Mul (q, slow)
      q_new = Mul (square, quick)
      q_next = Add (q_kept, q_new)
      q_right = Mul (q_next, correction)
      root = Sqrt (q_right)
      safe = Add (root, tiny)
      direction = Div (m_next, safe)
      stride = Mul (direction, rate)
      v_next = Sub (v, stride)
    }`);
  const editor = new GraphEditor(graph);
  const fill = (name: string, numbers: Float64Array): void => {
    const value = graph.value(name)!;
    editor.setInitializer(
      value,
      Tensor.fromTyped("float", value.shape as readonly number[], Float32Array.from(numbers)),
    );
  };
  fill(
    "below",
    floors.map((floor, i) => floor - weights[i]!),
  );
  fill("steps", steps);
  fill("moments", problem.products);
  fill("shares", sharesOf(problem, steps));
  return newModel(graph);
}

/** What turns D·(Σ x·xᵀ) into the gradient of a row's error, in units in which rounding it to nearest costs 1 per weight. */
function sharesOf(problem: RoundingProblem, steps: Float64Array): Float64Array {
  const errors = rowErrors(problem, roundedToNearest(problem));
  return steps.map((step, i) => {
    const error = errors[Math.floor(i / problem.columns)]!;
    return error > 0 ? (2 * step * problem.columns) / error : 0;
  });
}
