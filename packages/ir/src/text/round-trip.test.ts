import fc from "fast-check";
import { expect, test } from "vitest";
import { equalGraphs, equalModels } from "../graph/equal.ts";
import type { Tensor } from "../tensor.ts";
import { parseGraph, parseModel } from "./parse.ts";
import { printGraph, printModel } from "./print.ts";
import { graphs, models } from "./random-model.testing.ts";

/** Tensors of more elements print without data. */
const options = { ignoreData: (tensor: Tensor) => tensor.size > 16 };

test("parsing a printed graph gives an equal graph", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const text = printGraph(graph);
      expect(equalGraphs(graph, parseGraph(text), options)).toBeNull();
    }),
    { seed: 1, numRuns: 150 },
  );
});

test("parsing a printed model gives an equal model", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(models, (model) => {
      const text = printModel(model);
      expect(equalModels(model, parseModel(text), options)).toBeNull();
    }),
    { seed: 2, numRuns: 150 },
  );
});

test("printing all types and parsing without inference gives an equal graph", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const text = printGraph(graph, { types: "all" });
      expect(equalGraphs(graph, parseGraph(text, { infer: false }), options)).toBeNull();
    }),
    { seed: 3, numRuns: 100 },
  );
});
