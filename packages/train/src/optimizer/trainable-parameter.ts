/**
 * What a parameter is to the model: the weight of a linear op, a bias, the scale or bias of a normalization, the scale of a
 * quantizer, or an operand of some other op.
 */
export type ParameterRole = "weight" | "bias" | "normalization" | "scale" | "other";

/** What stands before a role in a pattern for parameters. */
export const rolePrefix = "role:";

/** A parameter by its name in the model. */
export interface TrainableParameter {
  readonly name: string;
  /** What it can be called: `name`, and the names of the nodes that read it, also as PyTorch writes them. */
  readonly names: readonly string[];
  readonly role: ParameterRole;
  readonly dims: readonly number[];
}
