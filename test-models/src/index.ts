/**
 * Models and data sets that only the tests use: what stands beside the repository when it is there, and what is built
 * in code or comes from npm packages. Nothing in the product may import it.
 */
export * from "./conformance.ts";
export { labelledModels, type LabelledModel } from "./labelled-models.ts";
export { Layers, type ConvOptions } from "./layers.ts";
export {
  accuracyOver,
  cifarBatches,
  digitBatches,
  keywordBatches,
  type LabelledBatch,
  type Samples,
} from "./labelled-batches.ts";
export * from "./materials.ts";
export { mnistFiles, type MnistFiles } from "./mnist.ts";
export { npyBytes, npzBytes, zipBytes } from "./npz.ts";
export { quantizedGraphs } from "./quantized-graphs.ts";
export { randomModel, type RandomModel } from "./random-graph.ts";
export { rescaleChannels } from "./rescale-channels.ts";
export { formsOfNode, formsOfSchema, type SchemaFormOptions } from "./schema-forms.ts";
export { extremeInputs, seededInputs } from "./seeded-inputs.ts";
export { inDouble } from "./in-double.ts";
export { readVectors, type StoredVectors } from "./vectors.ts";
