/** A test for names: `*` in the pattern stands for any text, `?` for any one character, all else for itself. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === "*") return ".*";
    return character === "?" ? "." : `\\${character}`;
  });
  const expression = new RegExp(`^${source}$`, "s");
  return (name) => expression.test(name);
}

/** The fewest characters to change, leave out or put in for a pattern to match a name: 0 where it does. */
export function globDistance(pattern: string, name: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, i) => i);
  for (const character of pattern) {
    const isFree = character === "*";
    const next = [row[0]! + (isFree ? 0 : 1)];
    for (let i = 0; i < name.length; i++) {
      const matches = character === "?" || character === name[i];
      next.push(
        isFree ? Math.min(row[i + 1]!, next[i]!) : Math.min(row[i + 1]! + 1, next[i]! + 1, row[i]! + (matches ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[name.length]!;
}
