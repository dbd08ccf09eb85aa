import type { Graph, Tensor } from "@lowbit/ir";
import type { IntegerFormOptions } from "@lowbit/quantize";
import type { Augmentation } from "../data/augment/augmentation.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Loss } from "../loss/loss.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "./schedule.ts";

/** From an epoch on, train another form of the graph: observers frozen, for example. State keeps its names and values. */
export interface Phase {
  readonly name: string;
  /** First epoch of the phase, counting from 0. */
  readonly fromEpoch: number;
  /** Changes a copy of the graph that holds the current state; called again, on a new copy, when a later phase begins. */
  readonly change?: (graph: Graph) => void;
  readonly batchNormalization?: "train" | "frozen";
  /** Run the forward as the integer operators that will be deployed; everything they depend on must be frozen by now. */
  readonly integerForward?: IntegerFormOptions;
}

/** How a run is saved. */
export interface CheckpointOptions {
  readonly folder: string;
  /** Go on from the checkpoint that the folder must hold. Default: begin anew, in a folder that holds none. */
  readonly resume?: boolean;
  /** Longest time between two checkpoints. Default: 30. */
  readonly everySeconds?: number;
}

/** How a model is trained. */
export interface FitOptions {
  readonly data: Dataset;
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** Passes over the data. Default 1. */
  readonly epochs?: number;
  /** Samples per epoch, drawn anew for each one. Default: all. */
  readonly samples?: number;
  /** Samples per step; the last batch of an epoch may be smaller. Default 32. */
  readonly batch?: number;
  /**
   * Most samples that pass through the model at once: the gradients of larger batches are added up part by part, which
   * takes the memory of a part and, where normalizations do not use statistics of the batch, computes the same (but for
   * distillation mixed with a class-weighted loss: its two means count parts differently). Default: all.
   */
  readonly microBatch?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Default: constant. */
  readonly schedule?: Schedule;
  /** Orders the samples; the same seed gives the same weights. Default 0. */
  readonly seed?: number;
  /**
   * Patterns of what to train: the name of an initializer, that of a node that reads it (`/layer4/conv1/Conv`, also as
   * `layer4.conv1.Conv`), or a role (`role:bias`), `*` standing for any text. Default: all weights, biases and scales.
   */
  readonly parameters?: readonly string[];
  /** Patterns of what is not trained, in the same form. Default: none. */
  readonly frozen?: readonly string[];
  /** Largest Euclidean norm of all gradients together. Default: no limit. */
  readonly clipNorm?: number;
  /** In order of `fromEpoch`; before the first one the graph trains as it is. */
  readonly phases?: readonly Phase[];
  /** Threads of ONNX Runtime. Default: one per core. */
  readonly threads?: number;
  /** Where to save the run, so that it can go on after it was stopped or killed. */
  readonly checkpoint?: CheckpointOptions;
  /** Ends the run after the steps under way: the state is saved and a `stopped` event comes instead of `done`. */
  readonly signal?: AbortSignal;
  /** Runs after each epoch, with the model as it is then; the result goes into the epoch's event. */
  readonly validate?: (graph: Graph) => Promise<number>;
  /** Which results of `validate` are better. Default `higher`. */
  readonly better?: "higher" | "lower";
  /** The trained graph is that of the epoch with the best result of `validate`, or of the last one. Default `last`. */
  readonly keep?: "best" | "last";
  /** Ends the run after this many epochs in a row without a better result of `validate`. Default: never. */
  readonly patience?: number;
  /** Change samples on their way into training, in this order; what decides is seeded by `seed`. */
  readonly augment?: readonly Augmentation[];
  /**
   * The integers that the weights of a graph become when it is deployed, by name. Given, every epoch tells how many of
   * them it changed: weights that swing between two codes keep changing although the loss stands still (Nagel et al.
   * 2022).
   */
  readonly codes?: (graph: Graph) => ReadonlyMap<string, Tensor>;
}

/** How many integer weights an epoch changed. */
export interface ChangedCodes {
  /** Share of all integer weights, 0 to 1. */
  readonly share: number;
  /** The share of each weight tensor, by name. */
  readonly layers: Readonly<Record<string, number>>;
}

/** What was chosen of a model's parameters by `parameters` and `frozen`. */
export interface ParameterChoice {
  /** Names of what is trained. */
  readonly names: readonly string[];
  /** The same in words: with the node that reads a parameter, where its name does not say so. */
  readonly texts: readonly string[];
  /** How many could be trained. */
  readonly of: number;
  /** Numbers in what is trained, and in all that could be. */
  readonly elements: number;
  readonly ofElements: number;
}

/** What happens while a model trains. */
export type FitEvent =
  /** The first event, where `parameters` or `frozen` are given. */
  | ({ readonly kind: "chosen" } & ParameterChoice)
  | {
      readonly kind: "progress";
      readonly epoch: number;
      /** Steps done in all epochs, and how many there will be (null when the data does not tell its size). */
      readonly step: number;
      readonly steps: number | null;
      /** Mean over the steps since the last event. */
      readonly loss: number;
      /** Of the last of these steps. */
      readonly learningRate: number;
      /** Waiting for data included. */
      readonly stepsPerSecond: number;
    }
  | { readonly kind: "phase"; readonly epoch: number; readonly name: string }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      /** Mean over the epoch. */
      readonly loss: number;
      /** Steps and the seconds spent in them and in waiting for data, set-up and validation apart. */
      readonly steps: number;
      readonly seconds: number;
      readonly validation: number | null;
      /** Whether `validation` is better than in all epochs before; null without one. */
      readonly best: boolean | null;
      /** Null when `codes` is not given or finds none, and for an epoch that was resumed in its middle. */
      readonly changedCodes: ChangedCodes | null;
    }
  | { readonly kind: "resumed" | "saved" | "stopped"; readonly epoch: number; readonly step: number }
  /** `patience` is used up; `done` follows. */
  | { readonly kind: "ended-early"; readonly epoch: number; readonly bestEpoch: number }
  /** The last event. Its graph is that of `epoch`: the last one, unless the best is kept. */
  | { readonly kind: "done"; readonly graph: Graph; readonly epoch: number };
