import { customLoss, Tensor, type Loss } from "lowbit";

/**
 * Cross-entropy that counts a sample the less, the surer the model already is of its class: -(1 - p)^γ · log p of the
 * right class (Lin et al. 2017, equation 4).
 */
export function focalLoss(gamma = 2): Loss {
  return customLoss({
    name: `focal:${gamma}`,
    targets: "class",
    attach({ op, editor, outputs, target }) {
      const [scores] = outputs;
      const constant = (value: number) => editor.initializer(Tensor.scalar("float", value), "focal");
      const classes = editor.initializer(Tensor.of("int64", [scores!.shape![1] as number]), "classes");
      const offOn = editor.initializer(Tensor.of("float", [0, 1]), "off_on");
      const isRight = op.OneHot([target!, classes, offOn], { axis: 1 });
      const logShares = op.LogSoftmax([scores!], { axis: 1 });
      const doubt = op.Pow([op.Sub([constant(1), op.Exp([logShares])]), constant(gamma)]);
      const perClass = op.Mul([op.Mul([doubt, logShares]), isRight]);
      const axes = editor.initializer(Tensor.of("int64", [1]), "classes_axis");
      return op.Neg([op.ReduceSum([perClass, axes], { keepdims: 0 })]);
    },
  });
}
