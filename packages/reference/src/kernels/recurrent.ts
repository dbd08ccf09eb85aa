import { tensorOf } from "../arrays/elements.ts";
import { floatsAttribute, stringsAttribute } from "../attributes.ts";
import type { Kernel, KernelCall } from "../kernel.ts";
import { sigmoid, softplus } from "../special-functions.ts";
import { permuted } from "./shape.ts";

type Activation = (x: number) => number;

interface ActivationMaker {
  /** Defaults of alpha and beta, for those the function has. */
  readonly defaults: readonly number[];
  readonly make: (alpha: number, beta: number) => Activation;
}

const activations: Readonly<Record<string, ActivationMaker>> = {
  Relu: { defaults: [], make: () => (x) => Math.max(0, x) },
  Tanh: { defaults: [], make: () => Math.tanh },
  Sigmoid: { defaults: [], make: () => sigmoid },
  Softsign: { defaults: [], make: () => (x) => x / (1 + Math.abs(x)) },
  Softplus: { defaults: [], make: () => softplus },
  LeakyRelu: { defaults: [0.01], make: (alpha) => (x) => (x < 0 ? alpha * x : x) },
  ThresholdedRelu: { defaults: [1], make: (alpha) => (x) => (x > alpha ? x : 0) },
  Elu: { defaults: [1], make: (alpha) => (x) => (x < 0 ? alpha * Math.expm1(x) : x) },
  Affine: { defaults: [1, 0], make: (alpha, beta) => (x) => alpha * x + beta },
  ScaledTanh: { defaults: [1, 1], make: (alpha, beta) => (x) => alpha * Math.tanh(beta * x) },
  HardSigmoid: { defaults: [0.2, 0.5], make: (alpha, beta) => (x) => Math.max(0, Math.min(1, alpha * x + beta)) },
};

/** The node's activation functions, each behind the clip; alphas and betas are consumed in order by those that have one. */
function activationsOf(call: KernelCall, defaults: readonly string[], directions: number): readonly Activation[] {
  const repeated = Array.from({ length: directions }, () => defaults).flat();
  const names = stringsAttribute(call.node, "activations", repeated);
  const alphas = [...floatsAttribute(call.node, "activation_alpha", [])];
  const betas = [...floatsAttribute(call.node, "activation_beta", [])];
  const clip = call.node.float("clip", Infinity);
  return names.map((name) => {
    const key = Object.keys(activations).find((known) => known.toLowerCase() === name.toLowerCase());
    const { defaults: own, make } =
      key === undefined ? call.fail(`activation "${name}" is unknown`) : activations[key]!;
    const alpha = own.length > 0 ? (alphas.shift() ?? own[0]!) : 0;
    const beta = own.length > 1 ? (betas.shift() ?? own[1]!) : 0;
    const f = make(alpha, beta);
    return (x) => f(Math.max(-clip, Math.min(clip, x)));
  });
}

/** One direction's weights and what its cell needs. */
interface Direction {
  readonly hidden: number;
  readonly functions: readonly Activation[];
  /** Input and recurrent bias, `[gates·hidden]` each. */
  readonly inputBias: Float64Array;
  readonly recurrentBias: Float64Array;
  /** `Σ W[gate, unit]·x` of one gate and unit, without bias. */
  readonly input: (row: number) => number;
  readonly recurrent: (row: number, state: Float64Array) => number;
  readonly peephole: Float64Array | null;
}

/** Computes the next hidden state (and cell state, in place) of one batch entry. */
type Cell = (direction: Direction, hidden: Float64Array, cell: Float64Array) => Float64Array;

interface RecurrentOp {
  readonly gates: number;
  readonly activations: readonly string[];
  readonly cell: (call: KernelCall) => Cell;
}

const recurrent =
  ({ gates, activations: names, cell: makeCell }: RecurrentOp): Kernel =>
  (call) => {
    const batchFirst = call.node.int("layout", 0) === 1;
    for (const index of [0, 1, 2]) {
      if (call.tensor(index).dims.length !== 3) call.fail(`operand ${index} must have rank 3`);
    }
    const x = batchFirst ? permuted(call.tensor(0), [1, 0, 2]) : call.tensor(0);
    const [length, batch, features] = x.dims as [number, number, number];
    const [w, r] = [call.tensor(1), call.tensor(2)];
    const directions = w.dims[0]!;
    const hidden = r.dims[2]!;
    if (call.node.int("hidden_size", hidden) !== hidden || w.dims[1] !== gates * hidden || w.dims[2] !== features) {
      call.fail(
        `W [${w.dims.join(",")}] and R [${r.dims.join(",")}] do not fit ${features} features and the hidden size`,
      );
    }
    const [xs, ws, rs] = [x.numbers(), w.numbers(), r.numbers()];
    const rows = gates * hidden;
    const biases = call.optional(3)?.numbers() ?? new Float64Array(directions * 2 * rows);
    const lengths = call.optional(4)?.numbers();
    const peepholes = call.optional(7)?.numbers();
    const functions = activationsOf(call, names, directions);
    const cell = makeCell(call);
    const initial = (index: number): Float64Array => {
      const given = call.optional(index);
      if (!given) return new Float64Array(directions * batch * hidden);
      return (batchFirst ? permuted(given, [1, 0, 2]) : given).numbers();
    };
    const [hiddenStates, cellStates] = [initial(5), initial(6)];
    const outputs = new Float64Array(length * directions * batch * hidden);
    const reversed = (d: number): boolean => d === 1 || call.node.string("direction", "forward") === "reverse";
    for (let d = 0; d < directions; d++) {
      for (let b = 0; b < batch; b++) {
        const at = (d * batch + b) * hidden;
        const state = hiddenStates.subarray(at, at + hidden);
        const steps = lengths?.[b] ?? length;
        for (let step = 0; step < steps; step++) {
          const t = reversed(d) ? steps - 1 - step : step;
          const next = cell(
            {
              hidden,
              functions: functions.slice(d * names.length, (d + 1) * names.length),
              inputBias: biases.subarray(d * 2 * rows, (d * 2 + 1) * rows),
              recurrentBias: biases.subarray((d * 2 + 1) * rows, (d * 2 + 2) * rows),
              input: (row) => dot(ws, (d * rows + row) * features, xs, (t * batch + b) * features, features),
              recurrent: (row, h) => dot(rs, (d * rows + row) * hidden, h, 0, hidden),
              peephole: peepholes ? peepholes.subarray(d * 3 * hidden, (d + 1) * 3 * hidden) : null,
            },
            state,
            cellStates.subarray(at, at + hidden),
          );
          state.set(next);
          outputs.set(next, ((t * directions + d) * batch + b) * hidden);
        }
      }
    }
    const all = tensorOf(x.dtype, [length, directions, batch, hidden], outputs);
    const last = [hiddenStates, cellStates].map((states) => tensorOf(x.dtype, [directions, batch, hidden], states));
    if (!batchFirst) return [all, ...last];
    return [permuted(all, [2, 0, 1, 3]), ...last.map((states) => permuted(states, [1, 0, 2]))];
  };

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[aStart + i]! * b[bStart + i]!;
  return sum;
}

/** `h' = f(W·x + R·h + b)`. */
const rnnCell: Cell = ({ functions, inputBias, recurrentBias, input, recurrent: previous }, hidden) =>
  hidden.map((_, unit) =>
    functions[0]!(input(unit) + previous(unit, hidden) + inputBias[unit]! + recurrentBias[unit]!),
  );

/** Gates z, r, h; with `linear_before_reset` the reset gate scales `R·h + b` instead of `h`. */
const gruCell = (call: KernelCall): Cell => {
  const linear = call.node.int("linear_before_reset", 0) !== 0;
  return ({ hidden: size, functions, inputBias, recurrentBias, input, recurrent: previous }, hidden) => {
    const [f, g] = functions as [Activation, Activation];
    const gate = (row: number): number => f(input(row) + previous(row, hidden) + inputBias[row]! + recurrentBias[row]!);
    const update = hidden.map((_, unit) => gate(unit));
    const reset = hidden.map((_, unit) => gate(size + unit));
    const faded = hidden.map((h, unit) => reset[unit]! * h);
    return hidden.map((h, unit) => {
      const row = 2 * size + unit;
      const memory = linear
        ? reset[unit]! * (previous(row, hidden) + recurrentBias[row]!)
        : previous(row, faded) + recurrentBias[row]!;
      const candidate = g(input(row) + memory + inputBias[row]!);
      return (1 - update[unit]!) * candidate + update[unit]! * h;
    });
  };
};

/** Gates i, o, f, c, with peepholes from the cell in the order i, o, f. */
const lstmCell = (call: KernelCall): Cell => {
  const coupled = call.node.int("input_forget", 0) === 1;
  return (
    { hidden: size, functions, inputBias, recurrentBias, input, recurrent: previous, peephole },
    hidden,
    cell,
  ) => {
    const [f, g, h] = functions as [Activation, Activation, Activation];
    const sum = (gate: number, unit: number): number => {
      const row = gate * size + unit;
      return input(row) + previous(row, hidden) + inputBias[row]! + recurrentBias[row]!;
    };
    const peek = (gate: number, unit: number, state: number): number =>
      peephole ? peephole[gate * size + unit]! * state : 0;
    return hidden.map((_, unit) => {
      const old = cell[unit]!;
      const inputGate = f(sum(0, unit) + peek(0, unit, old));
      const forgetGate = coupled ? 1 - inputGate : f(sum(2, unit) + peek(2, unit, old));
      const next = forgetGate * old + inputGate * g(sum(3, unit));
      const outputGate = f(sum(1, unit) + peek(1, unit, next));
      cell[unit] = next;
      return outputGate * h(next);
    });
  };
};

/** Recurrent layers; states stay in float64 until they are returned. */
export const recurrentKernels = {
  RNN: recurrent({ gates: 1, activations: ["Tanh"], cell: () => rnnCell }),
  GRU: recurrent({ gates: 3, activations: ["Sigmoid", "Tanh"], cell: gruCell }),
  LSTM: recurrent({ gates: 4, activations: ["Sigmoid", "Tanh", "Tanh"], cell: lstmCell }),
} satisfies Readonly<Record<string, Kernel>>;
