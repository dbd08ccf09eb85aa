/** How a window moves: attributes that convolutions and pools share. */
export interface WindowForm {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | readonly number[]>>;
}

/** Spatial sizes by number of axes: no two are equal, so that mistaken axes show. */
export const spatial: Readonly<Record<number, readonly number[]>> = { 1: [13], 2: [9, 11], 3: [6, 5, 7] };

/** Windows by number of axes. */
export const windows: Readonly<Record<number, readonly number[]>> = { 1: [3], 2: [3, 2], 3: [3, 2, 2] };

/** Every attribute of windows along `axes` axes at a value of its own per axis, and all of them at once. */
export function windowForms(axes: number): readonly WindowForm[] {
  const per = (...values: readonly number[]): readonly number[] => values.slice(0, axes);
  const strides = per(2, 1, 3);
  const dilations = per(2, 3, 1);
  // No padding is as wide as the window.
  const pads = [...per(1, 0, 1), ...per(2, 1, 0)];
  return [
    { name: "with strides", attributes: { strides } },
    { name: "with dilations", attributes: { dilations } },
    { name: "with uneven pads", attributes: { pads } },
    { name: "with pads of one side", attributes: { pads: [...per(1, 1, 1), ...per(0, 0, 0)] } },
    { name: "padded to the same size", attributes: { auto_pad: "SAME_UPPER" } },
    { name: "padded to the same size, with strides", attributes: { auto_pad: "SAME_UPPER", strides } },
    { name: "padded at the low end", attributes: { auto_pad: "SAME_LOWER" } },
    { name: "padded at the low end, with strides", attributes: { auto_pad: "SAME_LOWER", strides } },
    { name: "not padded by name", attributes: { auto_pad: "VALID", strides } },
    { name: "with strides, dilations and uneven pads", attributes: { strides, dilations, pads } },
  ];
}
