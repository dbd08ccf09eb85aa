import { severalInputs } from "../../diagnostics.ts";
import type { InputSpec } from "../data-options.ts";
import type { Fitting } from "./fitting.ts";

/** The model's one input, for sources that hold one array. @throws CompileError `data/several-inputs` */
export function onlyInput(fitting: Fitting, form: string): InputSpec {
  const [first, ...others] = fitting.inputs;
  if (!first || others.length > 0)
    throw severalInputs(
      fitting.inputs.map((input) => input.name),
      form,
      fitting.source,
    );
  return first;
}
