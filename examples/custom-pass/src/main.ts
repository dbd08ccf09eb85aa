import {
  any,
  createCompiler,
  Explanation,
  findingText,
  number,
  op,
  parseModel,
  printGraph,
  rule,
  rulePass,
  Session,
  Tensor,
} from "lowbit";

/** Pow(x, 2)  →  x · x */
const squareRule = rule({
  name: "square-by-mul",
  pattern: op("Pow", [any("x"), number(2)]),
  rewrite: ({ x }, { op }) => op.Mul([x, x]),
});

const squareByMul = rulePass({
  name: "square-by-mul",
  summary: "Computes squares by Mul, which is faster than Pow.",
  rules: [squareRule],
});

const model = parseModel(`<ir_version: 10, opset_import: ["" : 21]>
  distance (float[N,3] a, float[N,3] b) => (float[N] d)
  <float two = {2}, float half = {0.5}, int64[1] axes = {1}> {
    difference = Sub (a, b)
    squares = Pow (difference, two)
    sums = ReduceSum <keepdims = 0> (squares, axes)
    d = Pow (sums, half)
  }`);

const compiler = createCompiler({ passes: [squareByMul] });
const explanation = new Explanation(["square-by-mul"]);
const optimized = compiler.optimize(model, { passes: "default,square-by-mul", explanation, verifyEach: true });

console.log(printGraph(optimized.model.graph, { origins: true }));
for (const finding of explanation.findings()) console.log(findingText(finding));

const feeds = { a: Tensor.of("float", [1, 2, 3], [1, 3]), b: Tensor.of("float", [1, 5, 7], [1, 3]) };
for (const each of [model, optimized.model]) {
  const session = await Session.create(each);
  const { d } = await session.run(feeds);
  console.log(`d = ${d!.numbers().join(", ")}`);
  await session.release();
}
