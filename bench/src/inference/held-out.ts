import { join } from "node:path";
import { existsSync } from "node:fs";
import { seeded, type Model, type Tensor, type Value } from "@lowbit/ir";
import { Layers } from "@lowbit/test-models";
import { randomStream } from "@lowbit/train";
import { saveModel } from "lowbit";
import { benchModels } from "../train/models.ts";
import type { Case } from "./cases.ts";

/**
 * Models that neither prices nor placement were chosen on, with made-up weights: those of `bench:train`, and others of kinds that the
 * real ones have not.
 *
 * @param folder where their files are, or come to be
 */
export function heldOutCases(folder: string): readonly Case[] {
  return Object.entries(models).map(([name, { shape, build }]): Case => {
    const file = join(folder, `held-out-${name}.onnx`);
    if (!existsSync(file)) saveModel(build(), file, { innerTypes: false });
    const calibration = (): readonly Tensor[] => [0, 1].map((i) => seeded(`${name}${i}`, "float", [16, ...shape]));
    return { name, file, batches: [1, 64], calibration };
  });
}

const models: Readonly<Record<string, { readonly shape: readonly number[]; readonly build: () => Model }>> = {
  ...benchModels,
  resnext: { shape: [3, 64, 64], build: resnext },
  inception: { shape: [3, 64, 64], build: inception },
  mobilenet_v3: { shape: [3, 96, 96], build: mobilenetV3 },
  waveform: { shape: [1, 1, 4000], build: waveform },
};

/** Residual blocks of grouped convolutions (Xie et al. 2017). */
function resnext(): Model {
  const layers = new Layers("resnext", [3, 64, 64], randomStream(11));
  const { op } = layers.editor;
  let x: Value = layers.convBnRelu(layers.input, "stem", 3, 32, { stride: 2 });
  let channels = 32;
  [64, 128, 256].forEach((width, stage) => {
    for (const block of [0, 1]) {
      const name = `layer${stage}.${block}`;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const narrow = layers.convBnRelu(x, `${name}.reduce`, channels, width / 2, { kernel: 1 });
      const grouped = layers.convBnRelu(narrow, `${name}.group`, width / 2, width / 2, { stride, group: 8 });
      const wide = layers.conv(grouped, `${name}.expand`, width / 2, width, { kernel: 1 });
      const isSame = stride === 1 && channels === width;
      const shortcut = isSame ? x : layers.conv(x, `${name}.shortcut`, channels, width, { stride, kernel: 1 });
      x = layers.relu(op.Add([wide, shortcut]));
      channels = width;
    }
  });
  return layers.model(layers.linear(pooled(layers, x), "fc", channels, 10));
}

/** Branches of several kernels side by side (Szegedy et al. 2015). */
function inception(): Model {
  const layers = new Layers("inception", [3, 64, 64], randomStream(12));
  const { op } = layers.editor;
  let x: Value = layers.convBnRelu(layers.input, "stem", 3, 32, { stride: 2, kernel: 7 });
  let channels = 32;
  [32, 64, 96].forEach((width, stage) => {
    const name = (branch: string): string => `block${stage}.${branch}`;
    const one = layers.convBnRelu(x, name("one"), channels, width, { kernel: 1 });
    const before = layers.convBnRelu(x, name("before3"), channels, width / 2, { kernel: 1 });
    const three = layers.convBnRelu(before, name("three"), width / 2, width);
    const around = layers.convBnRelu(x, name("before5"), channels, width / 4, { kernel: 1 });
    const five = layers.convBnRelu(around, name("five"), width / 4, width / 2, { kernel: 5 });
    const most = op.MaxPool([x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
    const last = layers.convBnRelu(most, name("pool"), channels, width / 2, { kernel: 1 });
    channels = 3 * width;
    x = op.MaxPool([op.Concat([one, three, five, last], { axis: 1 })], { kernel_shape: [2, 2], strides: [2, 2] });
  });
  return layers.model(layers.linear(pooled(layers, x), "fc", channels, 10));
}

/** Inverted residuals with gates and HardSwish (Howard et al. 2019). */
function mobilenetV3(): Model {
  const layers = new Layers("mobilenet_v3", [3, 96, 96], randomStream(13));
  const { op } = layers.editor;
  const convBn = (x: Value, name: string, from: number, to: number, options: object): Value =>
    layers.batchNorm(layers.conv(x, name, from, to, { ...options, bias: false }), `${name}.bn`, to);
  let x: Value = op.HardSwish([convBn(layers.input, "stem", 3, 16, { stride: 2 })]);
  let channels = 16;
  (
    [
      [16, 2],
      [24, 2],
      [40, 2],
      [40, 1],
      [96, 2],
      [96, 1],
    ] as const
  ).forEach(([width, stride], index) => {
    const [name, hidden] = [`block${index}`, channels * 4];
    const wide = op.HardSwish([convBn(x, `${name}.expand`, channels, hidden, { kernel: 1 })]);
    const deep = op.HardSwish([convBn(wide, `${name}.deep`, hidden, hidden, { stride, group: hidden, kernel: 5 })]);
    const squeezed = layers.relu(
      layers.conv(op.GlobalAveragePool([deep]), `${name}.squeeze`, hidden, hidden / 4, { kernel: 1 }),
    );
    const gate = op.HardSigmoid([layers.conv(squeezed, `${name}.excite`, hidden / 4, hidden, { kernel: 1 })]);
    const narrow = convBn(op.Mul([deep, gate]), `${name}.project`, hidden, width, { kernel: 1 });
    x = stride === 1 && channels === width ? op.Add([x, narrow]) : narrow;
    channels = width;
  });
  return layers.model(layers.linear(pooled(layers, x), "fc", channels, 10));
}

/** Convolutions along a waveform, written with two axes. */
function waveform(): Model {
  const layers = new Layers("waveform", [1, 1, 4000], randomStream(14));
  let x: Value = layers.input;
  let channels = 1;
  [32, 64, 128, 128].forEach((width, index) => {
    const kernel = index === 0 ? 21 : 5;
    const taps = layers.editor.initializer(
      seeded(`taps${index}`, "float", [width, channels, 1, kernel]),
      `taps${index}`,
    );
    const half = (kernel - 1) / 2;
    x = layers.relu(layers.editor.op.Conv([x, taps], { strides: [1, 4], pads: [0, half, 0, half] }));
    channels = width;
  });
  return layers.model(layers.linear(pooled(layers, x), "fc", channels, 10));
}

function pooled({ editor: { op } }: Layers, x: Value): Value {
  return op.Flatten([op.GlobalAveragePool([x])], { axis: 1 });
}
