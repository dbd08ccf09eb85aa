import { writeFileSync } from "node:fs";
import {
  adam,
  crossEntropy,
  loadModel,
  printModel,
  quantizeModel,
  saveModel,
  trainModel,
  trainQuantized,
  x86,
  type Dataset,
  type Feeds,
  type FitEvent,
  type Model,
} from "lowbit";
import { showProgress, stepsPerSecond } from "./progress.ts";

/** How long and how fast one stage learns. */
interface Stage {
  /** Images it sees, each once. */
  readonly samples: number;
  readonly learningRate: number;
}

/** How one model of the demo is trained: first in float, then with the quantization in place. */
export interface Recipe {
  readonly batch: number;
  readonly float: Stage;
  readonly qat: Stage;
}

/** Images that calibration sees. */
const calibrationImages = 512;

/**
 * Makes the three forms of a model and saves each as `<base>.<form>.onnx` and as ONNX text: trained in float, quantized
 * after training, trained on with the quantization in place.
 */
export async function makeForms(
  base: string,
  model: Model,
  data: Dataset,
  recipe: Recipe,
): Promise<{ readonly float: number; readonly qat: number }> {
  const rates = { float: 0, qat: 0 };
  const common = { data, loss: crossEntropy(), optimizer: adam(), batch: recipe.batch, seed: 1 };
  const watch = (form: "float" | "qat"): { readonly onEvent: (event: FitEvent) => void } => {
    const show = showProgress(form);
    return {
      onEvent(event) {
        show(event);
        if (event.kind === "epoch") rates[form] = stepsPerSecond(event);
      },
    };
  };

  save(base, "float", await trainModel(model, { ...common, ...recipe.float, ...watch("float") }));
  const float = loadModel(`${base}.float.onnx`);

  const backend = x86();
  const ptq = await quantizeModel(float, { backend, data: feeds(data) });
  save(base, "ptq", ptq.model);

  const qat = await trainQuantized(float, { ...common, ...recipe.qat, backend, ...watch("qat") });
  writeFileSync(`${base}.prepared.onnxtxt`, printModel(qat.prepared));
  save(base, "qat", qat.model);
  return rates;
}

async function* feeds(data: Dataset): AsyncGenerator<Feeds> {
  for await (const { inputs } of data.batches({ batch: 64, samples: calibrationImages })) yield inputs;
}

function save(base: string, form: string, model: Model): void {
  saveModel(model, `${base}.${form}.onnx`);
  writeFileSync(`${base}.${form}.onnxtxt`, printModel(model));
}
