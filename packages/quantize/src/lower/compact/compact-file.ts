import { definePass } from "@lowbit/rewrite";
import { shortenCodeNames } from "./code-names.ts";
import { dropDefaultAttributes } from "./default-attributes.ts";
import { leaveOutZeroPoints } from "./zero-points.ts";

/**
 * Says a deployed model in fewer bytes: without attributes and zero points that are what readers take them to be anyway, and
 * with short names for what conversions make. For files; until then the names tell people what is what.
 */
export const compactFile = definePass({
  name: "compact-file",
  summary: "Leaves out defaults and zero points of 0, and shortens the names of codes, so that files are smaller.",
  anyOpset: true,
  run({ graph }) {
    return { changed: dropDefaultAttributes(graph) + leaveOutZeroPoints(graph) + shortenCodeNames(graph) };
  },
});
