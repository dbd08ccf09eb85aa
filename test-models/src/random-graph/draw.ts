/** Choices read off a list of numbers, so that a generated graph shrinks with the numbers; without numbers, the first. */
export class Draw {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    const number = this.#numbers[this.#at++] ?? 0;
    return limit <= 1 ? 0 : number % limit;
  }

  /** An integer in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.below(list.length)];
    if (chosen === undefined) throw new Error("internal: pick from an empty list");
    return chosen;
  }

  chance(): boolean {
    return this.below(2) === 1;
  }
}
