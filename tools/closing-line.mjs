/**
 * A vitest reporter that ends the run with one line a program can read: `12 passed, 0 failed`.
 *
 * A test file that does not load, and an error outside any test, count as failures, so that "0 failed" always means success.
 *
 * @type {import("vitest/reporters").Reporter}
 */
export const closingLine = {
  onTestRunEnd(modules, unhandledErrors) {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const passed = states.filter((state) => state === "passed").length;
    const failedTests = states.filter((state) => state === "failed").length;
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    process.stdout.write(`${passed} passed, ${failedTests + brokenModules + unhandledErrors.length} failed\n`);
  },
};
