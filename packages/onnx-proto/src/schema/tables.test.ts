import { expect, test } from "vitest";
import type { Field } from "../messages/field.ts";
import { tables } from "./tables.ts";

test.each(Object.entries(tables))("%s gives each field a number of its own", (_, table) => {
  const numbers = Object.values<Field<unknown>>(table).map((field) => field.number);
  expect(new Set(numbers).size).toBe(numbers.length);
});
