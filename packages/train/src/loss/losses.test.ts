import {
  CompileError,
  GraphEditor,
  newModel,
  parseGraph,
  Tensor,
  tensorType,
  type Graph,
  type Value,
} from "@lowbit/ir";
import { Session } from "@lowbit/runtime";
import { describe, expect, test } from "vitest";
import { arrays } from "../data/arrays.ts";
import { train } from "../fit/fit.ts";
import { adam } from "../optimizer/adam.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { distillation } from "./distillation.ts";
import { customLoss, type CustomLossOptions, type Loss, type LossContext } from "./loss.ts";
import { binaryCrossEntropy, huber, meanAbsoluteError, meanSquaredError } from "./regression.ts";

const scores = [2, -1, 0.5, -3, 4, 0.25];
const rows = [scores.slice(0, 3), scores.slice(3)];

/** A loss of the raw scores [2, 3], or of what a model's last nodes make of them, on ONNX Runtime. */
async function lossOf(loss: Loss, target: Tensor | null, nodes = "y = Identity (x)"): Promise<number> {
  const graph = parseGraph(`g (float[2,3] x) => (float[2,3] y) { ${nodes} }`);
  const editor = new GraphEditor(graph);
  const wanted = target && editor.input("target", tensorType(target.dtype, target.dims));
  const value = loss.attach({
    op: editor.op,
    editor,
    inputs: [graph.inputs[0]!],
    outputs: graph.outputs,
    target: wanted,
  });
  editor.setOutputs([value]);
  const session = await Session.create(newModel(graph));
  const results = await session.run({ x: Tensor.of("float", scores, [2, 3]), ...(target ? { target } : {}) });
  await session.release();
  return results[value.name]!.item();
}

function logSoftmax(row: readonly number[]): number[] {
  const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
  return row.map((x) => x - total);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("cross-entropy", () => {
  const labels = Tensor.of("int64", [2, 1]);
  const own = rows.map((row, i) => -logSoftmax(row)[[2, 1][i]!]!);

  test("is the mean of -log p of the labels", async () => {
    expect(await lossOf(crossEntropy(), labels)).toBeCloseTo(mean(own), 5);
  });

  test("smooths labels towards all classes", async () => {
    const spread = mean(rows.flatMap((row) => logSoftmax(row).map((x) => -x)));
    expect(await lossOf(crossEntropy({ labelSmoothing: 0.1 }), labels)).toBeCloseTo(0.9 * mean(own) + 0.1 * spread, 5);
  });

  test("weighs classes", async () => {
    const weighted = (3 * own[0]! + 0.5 * own[1]!) / 3.5;
    expect(await lossOf(crossEntropy({ classWeights: [1, 0.5, 3] }), labels)).toBeCloseTo(weighted, 5);
  });
});

describe("losses of real targets", () => {
  const wanted = [1, 0, 0.5, 1, 1, 0];
  const target = Tensor.of("float", wanted, [2, 3]);
  const differences = scores.map((x, i) => x - wanted[i]!);

  test.each<[string, Loss, (d: number, x: number, t: number) => number]>([
    ["mean squared error", meanSquaredError(), (d) => d * d],
    ["mean absolute error", meanAbsoluteError(), (d) => Math.abs(d)],
    ["Huber", huber(0.75), (d) => (Math.abs(d) <= 0.75 ? d ** 2 / 2 : 0.75 * (Math.abs(d) - 0.375))],
    ["binary cross-entropy", binaryCrossEntropy(), (_, x, t) => Math.log1p(Math.exp(x)) - x * t],
  ])("%s follows its formula", async (_, loss, each) => {
    const expected = mean(differences.map((d, i) => each(d, scores[i]!, wanted[i]!)));
    expect(await lossOf(loss, target)).toBeCloseTo(expected, 5);
  });
});

describe("losses of scores", () => {
  const labels = Tensor.of("int64", [2, 1]);
  const shares = Tensor.of("float", [1, 0, 0.5, 1, 0.25, 0], [2, 3]);
  const teacher = parseGraph("t (float[2,3] x) => (float[2,3] y) { h = Neg (x)  y = Softmax <axis = 1> (h) }");
  const ofScores = parseGraph("t (float[2,3] x) => (float[2,3] y) { y = Neg (x) }");

  test.each<[string, Loss, Tensor | null, string, Loss]>([
    ["cross-entropy", crossEntropy(), labels, "y = Softmax (x)", crossEntropy()],
    [
      "smoothed",
      crossEntropy({ labelSmoothing: 0.1 }),
      labels,
      "y = Softmax <axis = 1> (x)",
      crossEntropy({ labelSmoothing: 0.1 }),
    ],
    ["behind other nodes", crossEntropy(), labels, "p = Softmax <axis = 1> (x) y = Identity (p)", crossEntropy()],
    ["BCE", binaryCrossEntropy(), shares, "y = Sigmoid (x)", binaryCrossEntropy()],
    ["distillation", distillation(teacher), null, "y = Softmax (x)", distillation(ofScores)],
  ])("are of those that the model makes probabilities of: %s", async (_, loss, target, nodes, plain) => {
    expect(await lossOf(loss, target, nodes)).toBe(await lossOf(plain, target));
  });

  test.each<[string, Loss, Tensor, string]>([
    ["a Softmax over the samples", crossEntropy(), labels, "y = Softmax <axis = 0> (x)"],
    ["probabilities of another kind", binaryCrossEntropy(), shares, "y = Softmax (x)"],
    ["a Softmax that something follows", crossEntropy(), labels, "p = Softmax (x) y = Neg (p)"],
    ["a loss of values", meanSquaredError(), shares, "y = Softmax (x)"],
  ])("are of the output itself behind %s", async (_, loss, target, nodes) => {
    expect(await lossOf(loss, target, nodes)).not.toBeCloseTo(await lossOf(loss, target), 3);
  });
});

describe("distillation", () => {
  const teacher = (): Graph =>
    parseGraph(`t (float[N,3] x) => (float[N,3] y) <float[3,3] w = {1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, -1.0}> {
      y = MatMul (x, w) }`);

  test("is the divergence of the softened answers", async () => {
    const expected = mean(
      rows.map((row) => {
        const wanted = logSoftmax([row[0]! / 3, (2 * row[1]!) / 3, -row[2]! / 3]);
        const given = logSoftmax(row.map((x) => x / 3));
        return 9 * wanted.reduce((sum, w, i) => sum + Math.exp(w) * (w - given[i]!), 0);
      }),
    );
    expect(await lossOf(distillation(teacher(), { temperature: 3 }), null)).toBeCloseTo(expected, 5);
  });

  test("teaches a model without labels", async () => {
    const student = parseGraph(`s (float[N,3] x) => (float[N,3] y) <float[3,3] w> { y = MatMul (x, w) }`);
    const inputs = {
      x: Tensor.of(
        "float",
        Array.from({ length: 300 }, (_, i) => Math.sin(i * i)),
        [100, 3],
      ),
    };
    const trained = await train(student, {
      data: arrays(inputs),
      loss: distillation(teacher()),
      optimizer: adam(),
      learningRate: 0.05,
      batch: 20,
      epochs: 60,
    });
    const w = trained.value("w")!.initializer!.floats();
    // Softmax does not see a number added to all scores: columns are known up to their differences.
    expect(w[0]! - w[1]!).toBeCloseTo(1, 1);
    expect(w[4]! - w[3]!).toBeCloseTo(2, 1);
  });
});

describe("a loss of one's own", () => {
  /** The quantile loss for the share q: q·d above the model's answer, (q - 1)·d below. */
  const quantile = (q: number): Loss =>
    customLoss({
      name: `quantile:${q}`,
      attach({ op, editor, outputs, target }) {
        const constant = (value: number): ReturnType<typeof op.Mul> =>
          editor.initializer(Tensor.scalar("float", value), "share");
        const d = op.Sub([target!, outputs[0]!]);
        const each = op.Max([op.Mul([d, constant(q)]), op.Mul([d, constant(q - 1)])]);
        return op.ReduceMean([each], { keepdims: 0 });
      },
    });

  test("is any graph of the builder", async () => {
    const wanted = [1, 0, 0.5, 1, 1, 0];
    const each = scores.map((x, i) => Math.max(0.9 * (wanted[i]! - x), -0.1 * (wanted[i]! - x)));
    expect(await lossOf(quantile(0.9), Tensor.of("float", wanted, [2, 3]))).toBeCloseTo(mean(each), 5);
  });

  const wanted = Tensor.of("float", [1, 0, 0.5, 1, 1, 0], [2, 3]);
  const squares = scores.map((x, i) => (x - wanted.numbers()[i]!) ** 2);
  const squared = ({ op, outputs, target }: LossContext): Value => {
    const difference = op.Sub([outputs[0]!, target!]);
    return op.Mul([difference, difference]);
  };

  test.each<[string, CustomLossOptions["attach"], number]>([
    ["one number with its axes", (context) => context.op.ReduceMean([squared(context)]), mean(squares)],
    [
      "a number for each sample",
      (context) => {
        const axes = context.editor.initializer(Tensor.of("int64", [1]), "axes");
        return context.op.ReduceSum([squared(context), axes], { keepdims: 0 });
      },
      3 * mean(squares),
    ],
  ])("may be %s", async (_, attach, expected) => {
    expect(await lossOf(customLoss({ name: "mine", attach }), wanted)).toBeCloseTo(expected, 5);
  });

  test("trains a model: the line below which nine of ten targets lie", async () => {
    const model = parseGraph(`line (float[N,1] x) => (float[N,1] y) <float[1] b = {0.0}> { y = Add (x, b) }`);
    const zeros = Tensor.of("float", new Float32Array(100), [100, 1]);
    const targets = Tensor.of(
      "float",
      Float32Array.from({ length: 100 }, (_, i) => i / 100),
      [100, 1],
    );
    const trained = await train(model, {
      data: arrays({ x: zeros }, targets),
      loss: quantile(0.9),
      optimizer: adam(),
      parameters: ["b"],
      learningRate: 0.02,
      batch: 100,
      epochs: 150,
    });
    expect(trained.value("b")!.initializer!.item()).toBeCloseTo(0.9, 1);
  });
});

describe("bad input of losses", () => {
  const classifier = (): Graph => parseGraph(`s (float[N,2] x) => (float[N,3] y) <float[2,3] w> { y = MatMul (x, w) }`);
  const fitted = (loss: Loss, target: Tensor): Promise<unknown> =>
    train(classifier(), {
      data: arrays({ x: Tensor.of("float", [1, 2, 3, 4], [2, 2]) }, target),
      loss,
      optimizer: adam(),
      batch: 2,
    });

  test.each([[3n], [-1n]])("a label of %s is no class of a model with three", async (label) => {
    const target = Tensor.fromTyped("int64", [2], BigInt64Array.from([0n, label]));
    await expect(fitted(crossEntropy({ labelSmoothing: 0.1 }), target)).rejects.toThrow(
      `a target has label ${label}, but the model's output has scores for 3 classes, 0 to 2`,
    );
  });

  test.each<[string, Loss]>([
    ["cross-entropy", crossEntropy({ labels: "soft" })],
    ["binary-cross-entropy", binaryCrossEntropy()],
  ])("%s takes probabilities", async (name, loss) => {
    for (const wrong of [-0.5, 1.5]) {
      const target = Tensor.of("float", [1, 0, 0, wrong, 0.5, 0.5], [2, 3]);
      await expect(fitted(loss, target)).rejects.toThrow(
        `loss "${name}" takes probabilities as targets, 0 to 1, and got ${wrong}`,
      );
    }
    await fitted(loss, Tensor.of("float", [1, 0, 0, 1.00001, 0.5, 0.5], [2, 3]));
  });

  test.each<[string, (graph: Graph) => Loss]>([
    ["cross-entropy", () => crossEntropy()],
    ["cross-entropy", () => crossEntropy({ labels: "soft" })],
    ["distill", distillation],
  ])("%s of a single score would teach nothing", async (name, lossFor) => {
    const graph = parseGraph(`s (float[N,2] x) => (float[N,1] y) <float[2,1] w> { y = MatMul (x, w) }`);
    const loss = lossFor(graph);
    const target = loss.targetDType === "float" ? Tensor.of("float", [1], [1, 1]) : Tensor.of("int64", [0]);
    const data = arrays({ x: Tensor.of("float", [1, 2], [1, 2]) }, target);
    await expect(train(graph, { data, loss, optimizer: adam() })).rejects.toThrow(
      `loss "${name}" tells classes apart, and the model's output "y" float[1,1] has only one: it would always be 0`,
    );
  });

  test("an output of unknown shape cannot be compared", async () => {
    const graph = parseGraph(`s (float[N,2] x) => (y) <float[2,3] w> { a = MatMul (x, w)  y = acme.Thing (a) }`);
    const data = arrays({ x: Tensor.of("float", [1, 2], [1, 2]) }, Tensor.of("int64", [0]));
    await expect(train(graph, { data, loss: crossEntropy(), optimizer: adam() })).rejects.toThrow(
      'loss "cross-entropy" needs an output of known shape, but the model\'s output "y" is of unknown shape',
    );
  });

  test("a function of one's own must return a value of the graph it was given", async () => {
    const zeros = Tensor.of("float", new Float32Array(6), [2, 3]);
    const elsewhere = parseGraph("g () => (y) <float a = {1}> { y = Neg (a) }").outputs[0]!;
    for (const returned of [undefined, elsewhere]) {
      const attach = (): Value => returned as Value;
      const message = 'loss "custom:mine" returned no value of the graph';
      await expect(fitted(customLoss({ name: "mine", attach }), zeros)).rejects.toThrow('loss "mine" returned');
      const whole: Loss = { name: "custom:mine", targetDType: "float", targetShape: (output) => output, attach };
      await expect(fitted(whole, zeros)).rejects.toThrow(message);
    }
  });

  test.each([
    [
      ({ op, outputs }: LossContext): Value => op.ReduceMean([outputs[0]!], { keepdim: 0 } as object),
      'loss "mine" is no number: ReduceMean "reducemean_out" has an attribute "keepdim" that is not known',
    ],
    [({ outputs }: LossContext): Value => outputs[0]!, 'loss "mine" is float[2,3], not one floating-point number'],
    [
      ({ op, outputs, target }: LossContext): Value => op.MatMul([outputs[0]!, target!]),
      'MatMul "matmul_out": operands [2,3] and [2,3] must agree: 3 columns, 2 rows',
    ],
    [
      ({ op, outputs }: LossContext): Value =>
        op.ReduceMean([op.Det([op.MatMul([op.Transpose([outputs[0]!]), outputs[0]!])])]),
      "(on the path w -> y -> transpose_out -> matmul_out -> det_out -> reducemean_out)",
    ],
  ])("a mistake in a graph of one's own is told: %#", async (attach, message) => {
    const loss: Loss = { name: "mine", targetDType: "float", targetShape: (output) => output, attach };
    await expect(fitted(loss, Tensor.of("float", new Float32Array(6), [2, 3]))).rejects.toThrow(message);
  });

  const alongAxis = ({ op, editor, outputs }: LossContext, axis: number, keepdims: number): Value =>
    op.ReduceSum([outputs[0]!, editor.initializer(Tensor.of("int64", [axis]), "axes")], { keepdims });
  const average =
    "average it: op.ReduceMean([loss], { keepdims: 0 }); one number for each of the 2 samples, [2], is averaged for you";

  test.each<[string, string, CustomLossOptions["attach"], string]>([
    ["a number for each score", "float[2,3]", ({ outputs }) => outputs[0]!, average],
    ["a number for each class", "float[3]", (context) => alongAxis(context, 0, 0), average],
    ["a column of the samples", "float[2,1]", (context) => alongAxis(context, 1, 1), average],
    [
      "a count",
      "int64",
      ({ op, outputs }) => op.Size([outputs[0]!]),
      "a loss is computed from the scores themselves: what counts or compares them has no gradient",
    ],
  ])("%s is no loss: %s", async (_, type, attach, help) => {
    const zeros = Tensor.of("float", new Float32Array(6), [2, 3]);
    const mine = customLoss({ name: "mine", attach });
    for (const loss of [mine, distillation(classifier(), { task: mine })]) {
      const error: unknown = await fitted(loss, zeros).catch((thrown: unknown) => thrown);
      expect((error as CompileError).diagnostic).toMatchObject({
        code: "train/loss-not-scalar",
        message: `loss "mine" is ${type}, not one floating-point number`,
        help,
      });
    }
  });

  test("a whole loss is averaged by itself, also over samples", async () => {
    const attach = (context: LossContext): Value => alongAxis(context, 1, 0);
    const loss: Loss = { name: "whole", targetDType: null, targetShape: () => [], attach };
    await expect(fitted(loss, Tensor.of("float", new Float32Array(6), [2, 3]))).rejects.toThrow(
      'loss "whole" is float[2], not one floating-point number',
    );
  });

  test("class weights must be one per class", async () => {
    const attempt = fitted(crossEntropy({ classWeights: [1, 2] }), Tensor.of("int64", [0, 1]));
    await expect(attempt).rejects.toThrow(
      "2 class weights were given, but the model's output has scores for 3 classes",
    );
  });

  test("a teacher must tell the same classes apart", async () => {
    const teacher = parseGraph(`t (float[N,2] x) => (float[N,4] y) <float[2,4] w> { y = MatMul (x, w) }`);
    const attempt = fitted(distillation(teacher), Tensor.of("int64", [0, 1]));
    await expect(attempt).rejects.toThrow("it tells 4 classes apart, and the model 3");
  });

  test.each<[string, () => unknown]>([
    ["label smoothing is 1, but must be at least 0 and below 1", () => crossEntropy({ labelSmoothing: 1 })],
    ["a class weight is -1, but must be a number of at least 0", () => crossEntropy({ classWeights: [1, -1] })],
    ["delta is 0, but must be above 0", () => huber(0)],
    ["temperature is 0, but must be above 0", () => distillation(classifier(), { temperature: 0 })],
  ])("%s", (message, make) => {
    expect(make).toThrow(CompileError);
    expect(make).toThrow(message);
  });
});
