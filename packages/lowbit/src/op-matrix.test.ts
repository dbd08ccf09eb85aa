import { expect, test } from "vitest";
import { opMatrix } from "./op-matrix.testing.ts";

test("docs/ops.md is what the tables say; `npm run docs:ops` writes it", async () => {
  await expect(opMatrix()).toMatchFileSnapshot("../../../docs/ops.md");
});
