/** Where a node came from: the model file, or a rewrite of nodes that have origins of their own. */
export type Origin =
  | { readonly kind: "model"; readonly node: string }
  | { readonly kind: "rewrite"; readonly rule: string; readonly from: readonly Origin[] };

/** The model nodes an origin goes back to, without repeats, in order of first appearance. */
export function modelNodes(origin: Origin | null): readonly string[] {
  const names = new Set<string>();
  const pending: Origin[] = origin ? [origin] : [];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (next.kind === "model") names.add(next.node);
    else pending.unshift(...next.from);
  }
  return [...names];
}

/** The rules an origin passed through, the latest first, without repeats. */
export function rulesOf(origin: Origin | null): readonly string[] {
  const rules = new Set<string>();
  const pending: Origin[] = origin ? [origin] : [];
  for (let next = pending.shift(); next; next = pending.shift()) {
    if (next.kind === "model") continue;
    rules.add(next.rule);
    pending.push(...next.from);
  }
  return [...rules];
}

/** An origin in words, for example `fuse-conv-bn(conv1, bn1)`. */
export function originText(origin: Origin | null): string {
  if (origin === null) return "";
  if (origin.kind === "model") return origin.node;
  const nodes = modelNodes(origin);
  const shown = nodes.length > 4 ? [...nodes.slice(0, 3), `${nodes.length - 3} more`] : nodes;
  return `${origin.rule}(${shown.join(", ")})`;
}

/**
 * The origin of a node a rule makes out of others. Chains stay bounded: an origin keeps at most one level of rules per
 * distinct rule name, and repeated sources are merged.
 */
export function rewriteOrigin(rule: string, sources: readonly (Origin | null)[]): Origin {
  const from: Origin[] = [];
  const seen = new Set<Origin | string>();
  for (const source of sources) {
    if (source === null) continue;
    const flat = source.kind === "rewrite" && source.rule === rule ? source.from : [source];
    for (const origin of flat) {
      const key = origin.kind === "model" ? origin.node : origin;
      if (!seen.has(key)) from.push(origin);
      seen.add(key);
    }
  }
  return { kind: "rewrite", rule, from };
}
