/** A test for names: `*` in the pattern stands for any text, `?` for any one character, all else for itself. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.replace(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === "*") return ".*";
    return character === "?" ? "." : `\\${character}`;
  });
  const expression = new RegExp(`^${source}$`, "s");
  return (name) => expression.test(name);
}
