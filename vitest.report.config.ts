import { defineConfig } from "vitest/config";
import { closingLine } from "./tools/closing-line.mjs";

// The report in a real browser: apart from the other tests, because it needs one.
const conditions = ["@lowbit/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/report/src/**/*.browser.testing.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", closingLine],
  },
});
