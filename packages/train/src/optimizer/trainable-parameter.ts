/**
 * What a parameter is to the model: the weight of a linear op, a bias, the scale or bias of a normalization, the scale of a
 * quantizer, or an operand of some other op.
 */
export type ParameterRole = "weight" | "bias" | "normalization" | "scale" | "other";

/** A parameter by its name in the model. */
export interface TrainableParameter {
  readonly name: string;
  readonly role: ParameterRole;
  readonly dims: readonly number[];
}
