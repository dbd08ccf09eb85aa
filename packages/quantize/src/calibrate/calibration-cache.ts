import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { modelBytes, writeWholeFile, type Model } from "@lowbit/ir";
import { badCalibrationCache } from "../diagnostics.ts";
import type { StatisticsJson } from "../observers/statistics.ts";
import { specText } from "../plan/spec.ts";
import type { CalibrationRunOptions } from "./calibration-options.ts";
import type { ObservedGroup } from "./observed-groups.ts";

/** Changes when statistics mean something else. */
const format = 1;

/** Time between two writes while data is read, in milliseconds: what an interruption may lose. */
const interval = 2000;

/** How far calibration has come. */
export interface Seen {
  readonly batches: number;
  readonly samples: number;
}

interface CacheFile extends Seen {
  readonly format: number;
  /** Of the model. */
  readonly model: string;
  /** Of the plan, the observers and their settings, and of the name of the data. */
  readonly settings: string;
  /** By the names of groups. */
  readonly statistics: Readonly<Record<string, StatisticsJson>>;
}

/** Statistics in a file, from which calibration goes on after an interruption, or with more samples. */
export class CalibrationCache {
  readonly #path: string;
  readonly #groups: readonly ObservedGroup[];
  readonly #digests: { readonly model: string; readonly settings: string };
  #seen: Seen | null = null;
  #written = performance.now();

  constructor(path: string, model: Model, groups: readonly ObservedGroup[], options: CalibrationRunOptions) {
    this.#path = path;
    this.#groups = groups;
    this.#digests = { model: digest(modelBytes(model)), settings: digest(settingsText(groups, options)) };
  }

  /**
   * Puts what the file knows into the groups' statistics; null when there is no file.
   *
   * @throws CompileError `quantize/calibration-cache` for a file of another model or other settings, or no such file at all
   */
  restore(): Seen | null {
    const file = this.#read();
    if (file === null) return null;
    for (const { name, statistics } of this.#groups) statistics.restore(file.statistics[name]!);
    return { batches: file.batches, samples: file.samples };
  }

  /** Remembers how far the statistics are, and writes them now and then. @throws CompileError `file/write` */
  keep(seen: Seen): void {
    this.#seen = seen;
    if (performance.now() - this.#written > interval) this.write();
  }

  /** Writes the file, if there is anything new; it appears whole or stays as it was. @throws CompileError `file/write` */
  write(): void {
    if (this.#seen === null) return;
    const statistics = Object.fromEntries(this.#groups.map((group) => [group.name, group.statistics.toJson()]));
    const file: CacheFile = { format, ...this.#digests, ...this.#seen, statistics };
    writeWholeFile(this.#path, Buffer.from(`${JSON.stringify(file)}\n`));
    this.#seen = null;
    this.#written = performance.now();
  }

  #read(): CacheFile | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw badCalibrationCache(this.#path, `cannot be read (${(error as Error).message})`);
    }
    const file = parsed(text);
    if (file === null) throw badCalibrationCache(this.#path, "is no calibration cache of this version of lowbit");
    const { model, settings } = this.#digests;
    if (file.model !== model) throw badCalibrationCache(this.#path, "was made for another model");
    if (file.settings !== settings) {
      throw badCalibrationCache(this.#path, "was made with another plan, observer, setting or data set");
    }
    return file;
  }
}

function parsed(text: string): CacheFile | null {
  try {
    const file = JSON.parse(text) as CacheFile | null;
    return file?.format === format ? file : null;
  } catch {
    return null;
  }
}

/** All that statistics depend on besides the model. */
function settingsText(groups: readonly ObservedGroup[], options: CalibrationRunOptions): string {
  const { bins, averagingConstant, valuesPerSample, dataName } = options;
  const lines = groups.map(({ name, spec, statistics, watches }) => [
    name,
    specText(spec, () => ""),
    statistics.observers,
    watches,
  ]);
  return JSON.stringify([bins, averagingConstant, String(valuesPerSample), dataName, lines]);
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
