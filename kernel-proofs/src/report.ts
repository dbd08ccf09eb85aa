import { merged, type Counts } from "./check.ts";

/** Collects the proofs and prints them; the last line is `N passed, N failed`. */
export class Report {
  readonly #skipped: string[] = [];
  readonly #start = performance.now();
  #passed = 0;
  #failed = 0;

  /** Prints that something is not proven here, now and again at the end. */
  skip(what: string, why: string): void {
    const line = `SKIPPED: ${what}: ${why}`;
    console.log(`\n${line}`);
    this.#skipped.push(line);
  }

  /** One proof; `problems` is empty when it holds. */
  add(name: string, problems: readonly string[]): void {
    if (problems.length === 0) this.#passed++;
    else this.#failed++;
    for (const problem of problems) console.log(`  FAILED: ${name}: ${problem}`);
  }

  line(text: string): void {
    console.log(text);
  }

  /** A heading with the seconds since the start. */
  heading(text: string): void {
    console.log(`\n${text} (at ${((performance.now() - this.#start) / 1000).toFixed(0)} s)`);
  }

  /** The sum of counts as a table by op. */
  counts(all: readonly Counts[]): void {
    const sum = [...merged(all)].sort(([a], [b]) => a.localeCompare(b));
    console.log(`  ${"op".padEnd(28)}${"nodes".padStart(8)}${"values".padStart(14)}${"differing".padStart(12)}`);
    for (const [op, { nodes, values, differing }] of sum) {
      console.log(
        `  ${op.padEnd(28)}${String(nodes).padStart(8)}${values.toLocaleString("en-US").padStart(14)}${String(differing).padStart(12)}`,
      );
    }
  }

  /** Prints what was skipped and the closing line; the exit code to end with. */
  close(): number {
    this.heading(this.#skipped.length === 0 ? "Nothing was skipped." : "NOT ALL OF IT WAS PROVEN HERE:");
    for (const line of this.#skipped) console.log(line);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 ? 0 : 1;
  }
}
