/** A line of either text or of both, with 0-based positions where the next line of each text stands. */
interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
  readonly before: number;
  readonly after: number;
}

/**
 * What changed between two printed graphs, as a unified diff without file names; empty when nothing did.
 *
 * Lines that occur once in both texts are matched first (patience diff): nearly all lines of a printed graph are such,
 * since each names its own results, so the time is near linear.
 *
 * @param context unchanged lines shown around each change
 */
export function diffText(before: string, after: string, context = 3): string {
  const lines = align(linesOf(before), linesOf(after));
  const shown = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.mark !== " ") shown.fill(1, Math.max(0, index - context), index + context + 1);
  });
  const output: string[] = [];
  for (let start = shown.indexOf(1); start !== -1;) {
    const end = shown.indexOf(0, start);
    const hunk = lines.slice(start, end === -1 ? lines.length : end);
    output.push(hunkHeader(hunk), ...hunk.map((line) => line.mark + line.text));
    start = end === -1 ? -1 : shown.indexOf(1, end);
  }
  return output.join("\n");
}

function linesOf(text: string): readonly string[] {
  return text === "" ? [] : text.split("\n");
}

function hunkHeader(hunk: readonly Line[]): string {
  const { before, after } = hunk[0]!;
  const removed = hunk.filter((line) => line.mark !== "+").length;
  const added = hunk.filter((line) => line.mark !== "-").length;
  // By convention, the position of a side without lines is that of the line before.
  return `@@ -${before + (removed > 0 ? 1 : 0)},${removed} +${after + (added > 0 ? 1 : 0)},${added} @@`;
}

function align(before: readonly string[], after: readonly string[]): Line[] {
  const lines: Line[] = [];
  let from = 0;
  let to = 0;
  const pushUntil = (endBefore: number, endAfter: number): void => {
    while (from < endBefore) lines.push({ mark: "-", text: before[from]!, before: from++, after: to });
    while (to < endAfter) lines.push({ mark: "+", text: after[to]!, before: from, after: to++ });
  };
  const pushCommon = (endBefore: number, endAfter: number): void => {
    while (from < endBefore && to < endAfter && before[from] === after[to]) {
      lines.push({ mark: " ", text: before[from]!, before: from++, after: to++ });
    }
  };
  for (const [anchorBefore, anchorAfter] of [...anchors(before, after), [before.length, after.length] as const]) {
    pushCommon(anchorBefore, anchorAfter);
    let same = 0;
    while (
      anchorBefore - same > from &&
      anchorAfter - same > to &&
      before[anchorBefore - same - 1] === after[anchorAfter - same - 1]
    ) {
      same++;
    }
    pushUntil(anchorBefore - same, anchorAfter - same);
    pushCommon(anchorBefore, anchorAfter);
  }
  return lines;
}

/** Positions of the lines that are unique in both texts, as many as keep their order: a longest increasing run. */
function anchors(before: readonly string[], after: readonly string[]): (readonly [number, number])[] {
  const places = uniquePlaces(after);
  const candidates: { readonly pair: readonly [number, number]; readonly previous: number }[] = [];
  const ends: number[] = [];
  for (const [text, place] of uniquePlaces(before)) {
    const other = places.get(text);
    if (other === undefined) continue;
    let low = 0;
    for (let high = ends.length; low < high;) {
      const middle = (low + high) >> 1;
      if (candidates[ends[middle]!]!.pair[1] < other) low = middle + 1;
      else high = middle;
    }
    ends[low] = candidates.length;
    candidates.push({ pair: [place, other], previous: low === 0 ? -1 : ends[low - 1]! });
  }
  const run: (readonly [number, number])[] = [];
  for (let at = ends.at(-1) ?? -1; at !== -1; at = candidates[at]!.previous) run.push(candidates[at]!.pair);
  return run.reverse();
}

function uniquePlaces(lines: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  lines.forEach((line, index) => {
    if (places.has(line)) repeated.add(line);
    else places.set(line, index);
  });
  for (const line of repeated) places.delete(line);
  return places;
}
