import { defineConfig } from "vitest/config";
import { closingLine } from "./tools/closing-line.mjs";

// Tests run on source: workspace packages resolve through their "@lowbit/source" export condition, so no build is needed.
const conditions = ["@lowbit/source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "{packages,examples}/*/src/**/*.test.ts",
      "{test-models,kernel-proofs}/src/**/*.test.ts",
      "tools/*.test.ts",
    ],
    maxWorkers: 2,
    reporters: ["default", closingLine],
  },
});
