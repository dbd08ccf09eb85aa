import { conformance } from "@lowbit/backend-kit/conformance";
import { describe } from "vitest";
import { arm } from "./arm.ts";

describe.each([
  { title: "for speed", backend: arm() },
  { title: "with everything on integers", backend: arm({ prefer: "integer" }) },
  { title: "with dot products", backend: arm({ prefer: "integer", features: ["dotprod"] }) },
])("arm $title", ({ backend }) => {
  conformance(backend);
});
