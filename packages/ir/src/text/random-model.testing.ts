import fc from "fast-check";
import { GraphEditor } from "../edit/graph-editor.ts";
import { mutable } from "../edit/mutable.ts";
import type { Attribute, AttributeKind } from "../graph/attribute.ts";
import { Graph } from "../graph/graph.ts";
import type { LocalFunction, Model } from "../graph/model.ts";
import type { Role, Value } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import type { ValueType } from "../types.ts";
import { identifiers, names, strings, tensors, texts, types } from "./random-parts.testing.ts";

interface Typed {
  readonly name: string;
  readonly type: ValueType | null;
}

/** A graph before its names are unique; operands and outputs are picked by number among what can be read. */
interface GraphRecipe {
  readonly name: string;
  readonly inputs: readonly (Typed & { readonly data: Tensor | null })[];
  readonly initializers: readonly { readonly name: string; readonly tensor: Tensor; readonly role: Role }[];
  readonly nodes: readonly NodeRecipe[];
  readonly outputs: readonly number[];
}

interface NodeRecipe {
  readonly op: string;
  readonly domain: string;
  readonly label: string;
  readonly overload: string;
  readonly operands: readonly (number | null)[];
  readonly outputs: readonly (Typed | null)[];
  readonly attributes: readonly (readonly [string, AttributeRecipe])[];
}

type AttributeRecipe = Attribute | { readonly kind: "body"; readonly graphs: readonly GraphRecipe[] };

const kinds = fc.constantFrom<AttributeKind>("int", "floats", "string", "graph", "type_protos", "sparse_tensor");
const floats = fc.float().map(Math.fround);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

function tagged<K extends Attribute["kind"]>(
  kind: K,
  value: fc.Arbitrary<Extract<Attribute, { kind: K }>["value"]>,
): fc.Arbitrary<Attribute> {
  return value.map((content) => ({ kind, value: content }) as Attribute);
}

/** Attributes of every kind that the syntax has a form for, bodies apart. */
const plainAttributes: fc.Arbitrary<Attribute> = fc.oneof(
  tagged("int", int64),
  tagged("float", floats),
  tagged("string", strings),
  tagged("ints", fc.array(int64, { maxLength: 3 })),
  tagged("floats", fc.array(floats, { maxLength: 3 })),
  tagged("strings", fc.array(strings, { maxLength: 3 })),
  tagged("tensors", fc.array(tensors, { maxLength: 2 })),
  tagged("type_proto", types),
  tagged("type_protos", fc.array(types, { maxLength: 2 })),
  fc.record({ kind: fc.constant("tensor" as const), value: tensors, name: texts }),
  fc.record({ kind: fc.constant("ref" as const), value: names, of: kinds }),
);

const typed: fc.Arbitrary<Typed> = fc.record({ name: names, type: fc.option(types) });

const { graph: graphRecipes } = fc.letrec<{ graph: GraphRecipe; node: NodeRecipe; attribute: AttributeRecipe }>(
  (tie) => ({
    graph: fc.record({
      name: texts,
      inputs: fc.array(fc.record({ name: names, type: fc.option(types), data: fc.option(tensors, { freq: 2 }) }), {
        maxLength: 3,
      }),
      initializers: fc.array(
        fc.record({ name: names, tensor: tensors, role: fc.constantFrom<Role>("constant", "parameter", "buffer") }),
        { maxLength: 3 },
      ),
      nodes: fc.array(tie("node"), { maxLength: 3 }),
      outputs: fc.array(fc.nat(), { maxLength: 3 }),
    }),
    node: fc.record({
      op: fc.oneof(fc.constantFrom("Relu", "Identity"), names),
      domain: fc.oneof(fc.constantFrom("", "com.microsoft"), texts),
      label: fc.oneof(fc.constant(""), names),
      overload: fc.oneof(fc.constant(""), texts),
      operands: fc.array(fc.option(fc.nat()), { maxLength: 3 }),
      outputs: fc.array(fc.option(typed, { freq: 4 }), { maxLength: 3 }),
      attributes: fc.uniqueArray(fc.tuple(fc.oneof(identifiers, names), tie("attribute")), {
        maxLength: 3,
        selector: ([name]) => name,
      }),
    }),
    attribute: fc.oneof(
      { depthSize: "xsmall", withCrossShrink: true },
      plainAttributes,
      fc.record({ kind: fc.constant("body" as const), graphs: fc.array(tie("graph"), { maxLength: 2 }) }),
    ),
  }),
);

/** Graphs with bodies, hostile names, and attributes and data of every kind. */
export const graphs: fc.Arbitrary<Graph> = graphRecipes.map((recipe) => build(recipe, []));

/** A function's body has the function's name and no data of its own. */
function asBody(recipe: GraphRecipe, name: string): GraphRecipe {
  const inputs = recipe.inputs.map((input) => ({ ...input, data: null }));
  return { ...recipe, name, inputs, initializers: [] };
}

const functions: fc.Arbitrary<LocalFunction> = fc
  .tuple(
    names,
    graphRecipes,
    fc.record({
      domain: texts,
      overload: texts,
      attributes: fc.array(
        fc.oneof(
          fc.record({ name: names }),
          fc
            .tuple(names, plainAttributes)
            .filter(([, value]) => value.kind !== "ref")
            .map(([name, value]) => ({ name, kind: value.kind as AttributeKind, default: value })),
        ),
        { maxLength: 2 },
      ),
      opsets: opsets(),
      docString: texts,
      metadata: fc.constant(new Map<string, string>()),
    }),
  )
  .map(([name, recipe, rest]) => ({ ...rest, name, body: build(asBody(recipe, name), []) }));

function opsets(): fc.Arbitrary<Map<string, number>> {
  return fc
    .array(fc.tuple(fc.oneof(fc.constant(""), texts), fc.nat(30)), { maxLength: 3 })
    .map((pairs) => new Map(pairs));
}

/** Models with local functions and everything the header can say. */
export const models: fc.Arbitrary<Model> = fc.record({
  graph: graphs,
  irVersion: fc.nat(20),
  opsets: opsets(),
  functions: fc.array(functions, { maxLength: 2 }),
  producerName: texts,
  producerVersion: texts,
  domain: texts,
  modelVersion: fc.maxSafeInteger(),
  docString: texts,
  metadata: fc.array(fc.tuple(texts, texts), { maxLength: 2 }).map((pairs) => new Map(pairs)),
});

function build(recipe: GraphRecipe, around: readonly Graph[]): Graph {
  const graph = new Graph(recipe.name, null, around.at(-1) ?? null);
  const editor = new GraphEditor(graph);
  const fresh = (name: string): string => graph.names.fresh(name);
  for (const { name, type, data } of recipe.inputs) {
    const value = editor.input(fresh(name), type ?? data?.type ?? null);
    if (data === null) continue;
    mutable(value).initializer = data;
    mutable(graph).initializers.add(value);
  }
  for (const { name, tensor, role } of recipe.initializers) editor.initializer(tensor, name, role);
  const readable = (): Value[] => [...around, graph].flatMap((scope) => [...scope.values.values()]);
  const pick = (number: number, values: readonly Value[]): Value | null => values[number % values.length] ?? null;
  for (const node of recipe.nodes) addNode(editor, node, [...around, graph], (number) => pick(number, readable()));
  const values = readable();
  if (values.length > 0) for (const number of recipe.outputs) editor.output(pick(number, values)!);
  return graph;
}

function addNode(
  editor: GraphEditor,
  recipe: NodeRecipe,
  around: readonly Graph[],
  pick: (number: number) => Value | null,
): void {
  const attributes = recipe.attributes.map(([name, attribute]) => [name, buildAttribute(attribute, around)] as const);
  const node = editor.node(
    recipe.op,
    recipe.operands.map((number) => (number === null ? null : pick(number))),
    Object.fromEntries(attributes),
    {
      domain: recipe.domain,
      name: recipe.label,
      outputs: recipe.outputs.map((output) => output && editor.graph.names.fresh(output.name)),
    },
  );
  mutable(node).overload = recipe.overload;
  recipe.outputs.forEach((output, index) => {
    if (output?.type) editor.setType(node.outputs[index]!, output.type);
  });
}

function buildAttribute(recipe: AttributeRecipe, around: readonly Graph[]): Attribute {
  if (recipe.kind !== "body") return recipe;
  const [only, ...others] = recipe.graphs.map((graph) => build(graph, around));
  return only && others.length === 0
    ? { kind: "graph", value: only }
    : { kind: "graphs", value: only ? [only, ...others] : [] };
}
