/**
 * What a value from a stranger's module lacks to be a `Backend`, in words such as `lower (a list of passes)`; rows of its
 * capability table by their op. Empty for a backend, as far as members tell.
 */
export function missingMembers(value: unknown): readonly string[] {
  if (!isRecord(value)) return ["everything: it is no object"];
  const { name, quantizer, capabilities, lower, legalize, arithmetic } = value;
  return [
    ...(isText(name) ? [] : ["name (text)"]),
    ...(isRecord(quantizer) && isFunction(quantizer["annotate"]) ? [] : ["quantizer (with annotate)"]),
    ...missingInTable(capabilities),
    ...(isPasses(lower) ? [] : ["lower (a list of passes)"]),
    ...(legalize === undefined || isPasses(legalize) ? [] : ["legalize as a list of passes"]),
    ...missingInArithmetic(arithmetic),
  ];
}

function missingInTable(table: unknown): readonly string[] {
  if (!isRecord(table) || !Array.isArray(table["ops"])) return ["capabilities (with a list of ops)"];
  const isSpec = (spec: unknown): boolean => isRecord(spec) && isText(spec["dtype"]) && Array.isArray(spec["range"]);
  return [
    ...["activation", "weight"].flatMap((each) =>
      isSpec(table[each]) ? [] : [`capabilities.${each} (what observed() gives)`],
    ),
    ...table["ops"].flatMap((row: unknown, i) => missingInRow(row, i)),
  ];
}

const resultKinds = ["observed", "observed-or-float", "shared", "fixed"] as const;

function missingInRow(row: unknown, index: number): readonly string[] {
  if (!isRecord(row) || !isText(row["op"])) return [`op (text) in row ${index} of capabilities.ops`];
  const { op, activations, weights, result, constraints } = row;
  const isResult = isRecord(result) && (resultKinds as readonly unknown[]).includes(result["kind"]);
  const isWeights =
    weights === undefined || (isRecord(weights) && isTexts(weights["dtypes"]) && isTexts(weights["granularities"]));
  const isConstraint = (each: unknown): boolean =>
    isRecord(each) && isText(each["text"]) && isFunction(each["objection"]);
  const areConstraints = constraints === undefined || (Array.isArray(constraints) && constraints.every(isConstraint));
  return [
    ...(isTexts(activations) ? [] : ["activations (a list of dtypes)"]),
    ...(isWeights ? [] : ["weights with dtypes and granularities"]),
    ...(isResult ? [] : [`result (of kind ${resultKinds.join(", ")})`]),
    ...(areConstraints ? [] : ["constraints with text and objection"]),
  ].map((member) => `${member} in its row for ${op as string}`);
}

function missingInArithmetic(arithmetic: unknown): readonly string[] {
  if (!isRecord(arithmetic)) return ["arithmetic"];
  return ["requantize", "add", "multiply", "average"].flatMap((name) =>
    isFunction(arithmetic[name]) ? [] : [`arithmetic.${name} (a function)`],
  );
}

function isPasses(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((each) => isRecord(each) && isText(each["name"]) && isFunction(each["run"]))
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
