import {
  blockedDomain,
  channelBlock,
  crossEntropy,
  deployModel,
  GraphEditor,
  newModel,
  Session,
  sgd,
  Tensor,
  trainStep,
  type Dataset,
  type Model,
  type QuantizationBackend,
  type Value,
} from "lowbit";

/** How many numbers two computations have in common, and in how many they differ. */
interface Difference {
  readonly values: number;
  readonly differing: number;
}

/** What a training step computes on its way, beside what the deployed model computes. */
export interface ForwardDifference {
  readonly logits: Difference;
  /** The codes of every activation that both have under the same name. */
  readonly codes: Difference;
}

const batch = 50;

/**
 * Runs the forward of a whole training step of a prepared model and the deployed model on the same samples, and counts the
 * values that are not the same, bit for bit.
 */
export async function compareForwards(
  prepared: Model,
  backend: QuantizationBackend,
  data: Dataset,
  samples: number,
  forward: "integers" | "fake-quantized",
): Promise<ForwardDifference> {
  const step = trainStep(prepared.graph, {
    loss: crossEntropy(),
    optimizer: sgd(),
    batch,
    block: await channelBlock(),
    batchNormalization: "frozen",
    ...(forward === "integers" ? { integerForward: { lower: backend.lower } } : {}),
  });
  const logits = [...step.graph.nodes].find((node) => node.op === "LogSoftmax")!.input;
  const hyper = step.graph.value(step.hyper)!.shape as readonly number[];
  const training = newModel(step.graph);
  for (const domain of ["com.microsoft", blockedDomain]) training.opsets.set(domain, 1);
  const trainingCodes = returnCodes(training, [logits]);
  const deployed = deployModel(prepared, backend).model;
  const scores = deployed.graph.outputs[0]!.name;
  const plain = await Session.create(deployed);
  const deployedCodes = new Set(returnCodes(deployed, deployed.graph.outputs));
  // The state as inputs keeps ONNX Runtime from folding weights, as in training.
  const stepSession = await Session.create(training, { config: { "session.disable_quant_qdq": "1" } });
  const codesSession = await Session.create(deployed);
  const result = { logits: { values: 0, differing: 0 }, codes: { values: 0, differing: 0 } };
  for await (const { inputs, target } of data.batches({ batch, samples })) {
    const feeds: Record<string, Tensor> = { ...inputs, [step.hyper]: Tensor.of("float", new Float32Array(hyper[0]!)) };
    for (const slot of step.state) feeds[slot.name] = slot.initial;
    if (step.target !== null) feeds[step.target] = target!;
    const trained = await stepSession.run(feeds);
    const wanted = await plain.run(inputs);
    const inner = await codesSession.run(inputs);
    count(trained[logits.name]!, wanted[scores]!, result.logits);
    for (const name of trainingCodes) if (deployedCodes.has(name)) count(trained[name]!, inner[name]!, result.codes);
  }
  for (const session of [plain, stepSession, codesSession]) await session.release();
  return result;
}

/** Lets a model return the codes of its activations too, by name. */
function returnCodes({ graph }: Model, outputs: readonly Value[]): readonly string[] {
  const codes = [...graph.nodes].flatMap((node) => {
    const isCodes = node.outputs.length === 1 && node.output.dtype === "uint8" && node.output.name.endsWith("_q");
    return isCodes ? [node.output] : [];
  });
  new GraphEditor(graph).setOutputs([...outputs, ...codes]);
  return codes.map((value) => value.name);
}

function count(one: Tensor, other: Tensor, into: { values: number; differing: number }): void {
  const [a, b] = [one.typed(), other.typed()];
  if (a.length !== b.length) throw new Error("the forwards have results of different sizes");
  into.values += a.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) into.differing++;
}
