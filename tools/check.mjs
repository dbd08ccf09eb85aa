/** Runs every static check, all of them even when one fails, and ends with the names of those that failed. Needs a build. */
import { spawnSync } from "node:child_process";

const checks = ["format:check", "types", "lint", "unused", "boundaries", "package-shape", "docs:api"];
const failed = checks.filter((check) => {
  console.log(`\n--- ${check}`);
  return (
    spawnSync("npm", ["run", "--silent", check], { stdio: "inherit", shell: process.platform === "win32" }).status !== 0
  );
});
console.log(failed.length === 0 ? "\nstatic checks: all good" : `\nstatic checks failed: ${failed.join(", ")}`);
if (failed.length > 0) process.exitCode = 1;
