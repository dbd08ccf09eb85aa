import type { ObserverSettings } from "../observers/statistics.ts";
import type { ObserverName } from "../plan/spec.ts";

/** How the data is gone through. */
export interface CalibrationRunOptions extends ObserverSettings {
  /**
   * Histograms look at this many elements of a value per sample at least, evenly spaced, where it has more than twice as
   * many; extremes are always those of all elements. Infinite: at all elements. Default: 1024.
   */
  readonly valuesPerSample?: number;
  /**
   * A file that keeps what was seen: a later run with the same model, plan and settings leaves out as many samples of the
   * data as the file has seen, and goes on behind them.
   */
  readonly cache?: string;
  /** Says which data it is, for the cache: a file made from other data is refused. */
  readonly dataName?: string;
  /** Threads of the runtime. Default: one per core. */
  readonly threads?: number;
  /** Run where training runs, since only that thread takes again what the runtime frees there. Default: on this thread. */
  readonly onTrainingThread?: boolean;
  /** Called after each batch with the number of samples so far. */
  readonly progress?: (samples: number) => void;
}

/** How ranges are found. */
export interface CalibrateOptions extends CalibrationRunOptions {
  /** For points whose spec names none. Default: `min-max`. */
  readonly observer?: ObserverName;
}
