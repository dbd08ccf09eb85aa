import { graphsOf } from "../graph/attribute.ts";
import type { Graph } from "../graph/graph.ts";
import type { LocalFunction, Model } from "../graph/model.ts";
import type { Node } from "../graph/node.ts";
import type { Report } from "./report.ts";

/** What a node names, if it calls a local function: domain, name and overload. */
export function functionKey(fields: Pick<LocalFunction, "domain" | "name" | "overload">): string {
  return JSON.stringify([fields.domain, fields.name, fields.overload]);
}

/** The key of the function that a node would call. */
export function calledKey(node: Node): string {
  return functionKey({ domain: node.domain, name: node.op, overload: node.overload });
}

/** Checks that local functions have names of their own and do not call each other in a circle. */
export function verifyCalls(model: Model, report: Report): void {
  const functions = new Map<string, LocalFunction>();
  for (const local of model.functions) {
    const key = functionKey(local);
    if (functions.has(key)) {
      report.error("model/function", `function "${local.name}" of domain "${local.domain}" is defined twice`);
    }
    functions.set(key, local);
  }
  const circle = callCircle(functions);
  if (circle) {
    const names = circle.map(({ name }) => `"${name}"`).join(", ");
    report.error("model/function", `local functions call each other in a circle: ${names}`);
  }
}

/** Functions that call each other in a circle, in the order of the calls; null when there are none. */
export function callCircle(functions: ReadonlyMap<string, LocalFunction>): readonly LocalFunction[] | null {
  const state = new Map<LocalFunction, "open" | "done">();
  for (const start of functions.values()) {
    const stack: { readonly local: LocalFunction; readonly calls: Iterator<LocalFunction> }[] = [];
    const open = (local: LocalFunction): void => {
      state.set(local, "open");
      stack.push({ local, calls: callsOf(local.body, functions) });
    };
    if (!state.has(start)) open(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.calls.next();
      if (next.done) {
        state.set(top.local, "done");
        stack.pop();
      } else if (state.get(next.value) === "open") {
        const from = stack.findIndex(({ local }) => local === next.value);
        return stack.slice(from).map(({ local }) => local);
      } else if (!state.has(next.value)) open(next.value);
    }
  }
  return null;
}

/** The functions that the nodes of a graph and its bodies call, one for each call. */
export function* callsOf(body: Graph, functions: ReadonlyMap<string, LocalFunction>): Generator<LocalFunction> {
  const pending = [body];
  for (let graph = pending.pop(); graph; graph = pending.pop()) {
    for (const node of graph.nodes) {
      const called = functions.get(calledKey(node));
      if (called) yield called;
      for (const attribute of node.attributes.values()) pending.push(...graphsOf(attribute));
    }
  }
}
