import { existsSync, readFileSync } from "node:fs";
import { armArithmetic, avx2Arithmetic, floatArithmetic, type IntegerArithmetic } from "@lowbit/reference";

/** What ONNX Runtime's kernels compute on this CPU, and its name; null where no backend of ours is for it. */
export function thisCpu(): {
  readonly backend: "x86" | "arm";
  readonly name: string;
  readonly arithmetic: IntegerArithmetic;
} | null {
  if (process.arch === "arm64") return { backend: "arm", name: "this CPU (ARM64)", arithmetic: armArithmetic };
  if (process.arch !== "x64") return null;
  const facts = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  // Where nothing tells, a CPU of the last years is assumed.
  const hasVnni = facts === "" || /\bavx(512)?_vnni\b/.test(facts);
  return hasVnni
    ? { backend: "x86", name: "this CPU (x86-64 with VNNI)", arithmetic: floatArithmetic }
    : { backend: "x86", name: "this CPU (x86-64 without VNNI)", arithmetic: avx2Arithmetic };
}
