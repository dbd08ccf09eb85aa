import { expect, test } from "vitest";
import { inferredTypes, objection, type Row } from "./inferred.testing.ts";

const rows: readonly Row[] = [
  ["SequenceConstruct", ["float[2,3]", "float[2,4]"], {}, "seq(float[2,?])"],
  ["SequenceEmpty", [], { dtype: 7 }, "seq(int64[])"],
  ["SequenceInsert", ["seq float[2,3]", "float[4,3]"], {}, "seq(float[?,3])"],
  ["SequenceErase", ["seq float[2,3]", 0], {}, "seq(float[2,3])"],
  ["SequenceAt", ["seq float[2,3]", 0], {}, "float[2,3]"],
  ["SequenceLength", ["seq float[2,3]"], {}, "int64"],
  ["ConcatFromSequence", ["seq float[2,3]"], { axis: 1 }, "float[2,?]"],
  ["ConcatFromSequence", ["seq float[2,3]"], { axis: 0, new_axis: 1 }, "float[?,2,3]"],
  ["SplitToSequence", ["float[N,6]", 2], { axis: 1 }, "seq(float[N,2])"],
  ["SplitToSequence", ["float[N,6]"], { axis: 1, keepdims: 0 }, "seq(float[N])"],
  ["Optional", ["float[3]"], {}, "optional(float[3])"],
  ["OptionalGetElement", ["float[3]"], {}, "float[3]"],
  ["OptionalHasElement", ["float[3]"], {}, "bool"],
];

test.each(rows)("%s of %j with %j is %s", (op, operands, attributes, expected) => {
  expect(inferredTypes(op, operands, attributes)).toBe(expected);
});

test("a sequence holds one type", () => {
  expect([objection("SequenceConstruct", ["float[2,3]", "int64[2,3]"]), objection("SequenceAt", ["float[2,3]", 0])])
    .toMatchInlineSnapshot(`
    [
      "SequenceConstruct "n": elements of one sequence must have one type, but are float[2,3] and int64[2,3]",
      "SequenceAt "n": operand 0 is float[2,3], not a sequence",
    ]
  `);
});
