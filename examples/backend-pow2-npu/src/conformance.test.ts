import { conformance } from "@lowbit/backend-kit/conformance";
import { pow2Npu } from "./index.ts";

conformance(pow2Npu());
