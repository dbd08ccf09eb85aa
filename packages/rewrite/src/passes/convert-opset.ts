import { canonicalOpset, convertOpset as convert } from "@lowbit/ir";
import { definePass } from "../pass/pass.ts";

/** Brings a model of an older opset to the canonical one, which all other rules are written for. */
export const convertOpset = definePass({
  name: "convert-opset",
  summary: `Rewrites the nodes of older opsets in the forms of opset ${canonicalOpset}.`,
  anyOpset: true,
  run(model) {
    const before = model.opsets.get("");
    convert(model);
    return { changed: model.opsets.get("") === before ? 0 : 1 };
  },
});
