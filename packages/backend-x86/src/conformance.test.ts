import { conformance } from "@lowbit/backend-kit/conformance";
import { describe } from "vitest";
import { x86 } from "./x86.ts";

describe.each([
  { title: "for speed", backend: x86() },
  { title: "with everything on integers", backend: x86({ prefer: "integer" }) },
  { title: "without VNNI", backend: x86({ prefer: "integer", features: ["avx2"] }) },
])("x86 $title", ({ backend }) => {
  conformance(backend);
});
