import type { Graph } from "@lowbit/ir";
import type { Dataset } from "../data/dataset.ts";
import type { Loss } from "../loss/loss.ts";
import type { Optimizer } from "../optimizer/optimizer.ts";
import type { Schedule } from "./schedule.ts";

/** From an epoch on, train another form of the graph: observers frozen, for example. State keeps its names and values. */
export interface Phase {
  readonly name: string;
  /** First epoch of the phase, counting from 0. */
  readonly fromEpoch: number;
  /** Changes a copy of the graph that holds the current state. */
  readonly change?: (graph: Graph) => void;
  readonly batchNormalization?: "train" | "frozen";
}

/** How a run is saved. */
export interface CheckpointOptions {
  readonly folder: string;
  /** Go on from what the folder holds, if anything. Default: begin anew. */
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
   * takes the memory of a part and, where normalizations do not use statistics of the batch, computes the same. Default: all.
   */
  readonly microBatch?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Default: constant. */
  readonly schedule?: Schedule;
  /** Orders the samples; the same seed gives the same weights. Default 0. */
  readonly seed?: number;
  /** Names of the initializers to train, `*` standing for any text. Default: all weights, biases and scales. */
  readonly parameters?: readonly string[];
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
}

/** What happens while a model trains. */
export type FitEvent =
  | {
      readonly kind: "progress";
      readonly epoch: number;
      /** Steps done in all epochs, and how many there will be (null when the data does not tell its size). */
      readonly step: number;
      readonly steps: number | null;
      /** Mean over the steps since the last event. */
      readonly loss: number;
      readonly stepsPerSecond: number;
    }
  | { readonly kind: "phase"; readonly epoch: number; readonly name: string }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      /** Mean over the epoch. */
      readonly loss: number;
      /** Steps and the seconds spent in them, set-up and validation apart. */
      readonly steps: number;
      readonly seconds: number;
      readonly validation: number | null;
    }
  | { readonly kind: "resumed" | "saved" | "stopped"; readonly epoch: number; readonly step: number }
  | { readonly kind: "done"; readonly graph: Graph };
