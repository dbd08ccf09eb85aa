import { noGradient, unary, zeroGradient, type GradientTable } from "../gradient-rule.ts";

/** Rules of functions of one operand, element by element: dx from dy, x and y. */
export const mathGradients = {
  Identity: unary((_, dy) => dy),
  Neg: unary(({ op }, dy) => op.Neg([dy])),
  /** 0 at 0. */
  Abs: unary(({ op }, dy, x) => op.Mul([dy, op.Sign([x])])),
  Floor: zeroGradient,
  Ceil: zeroGradient,
  Round: zeroGradient,
  Sign: zeroGradient,
  Exp: unary(({ op }, dy, _x, y) => op.Mul([dy, y])),
  Log: unary(({ op }, dy, x) => op.Div([dy, x])),
  /** dy / 2y. */
  Sqrt: unary(({ op }, dy, _x, y) => op.Div([dy, op.Add([y, y])])),
  /** -dy·y². */
  Reciprocal: unary(({ op }, dy, _x, y) => op.Neg([op.Mul([dy, op.Mul([y, y])])])),
  /** dy·(2/√π)·exp(-x²). */
  Erf: unary(({ op, constants }, dy, x) => {
    const bell = op.Exp([op.Neg([op.Mul([x, x])])]);
    return op.Mul([op.Mul([dy, bell]), constants.scalar(2 / Math.sqrt(Math.PI), x)]);
  }),
  Sin: unary(({ op }, dy, x) => op.Mul([dy, op.Cos([x])])),
  Cos: unary(({ op }, dy, x) => op.Neg([op.Mul([dy, op.Sin([x])])])),
  /** dy·(1 + y²). */
  Tan: unary(({ op }, dy, _x, y) => op.Add([dy, op.Mul([dy, op.Mul([y, y])])])),
  /** dy / √(1 - x²). */
  Asin: unary(({ op, constants }, dy, x) => {
    return op.Div([dy, op.Sqrt([op.Sub([constants.scalar(1, x), op.Mul([x, x])])])]);
  }),
  Acos: unary(({ op, constants }, dy, x) => {
    return op.Neg([op.Div([dy, op.Sqrt([op.Sub([constants.scalar(1, x), op.Mul([x, x])])])])]);
  }),
  /** dy / (1 + x²). */
  Atan: unary(({ op, constants }, dy, x) => op.Div([dy, op.Add([op.Mul([x, x]), constants.scalar(1, x)])])),
  Sinh: unary(({ op }, dy, x) => op.Mul([dy, op.Cosh([x])])),
  Cosh: unary(({ op }, dy, x) => op.Mul([dy, op.Sinh([x])])),
  /** dy / √(x² + 1). */
  Asinh: unary(({ op, constants }, dy, x) => {
    return op.Div([dy, op.Sqrt([op.Add([op.Mul([x, x]), constants.scalar(1, x)])])]);
  }),
  /** dy / √(x² - 1). */
  Acosh: unary(({ op, constants }, dy, x) => {
    return op.Div([dy, op.Sqrt([op.Sub([op.Mul([x, x]), constants.scalar(1, x)])])]);
  }),
  /** dy / (1 - x²). */
  Atanh: unary(({ op, constants }, dy, x) => op.Div([dy, op.Sub([constants.scalar(1, x), op.Mul([x, x])])])),
  BitwiseNot: noGradient("it computes on the bits of integers"),
} satisfies Partial<GradientTable>;
