import { defineOp, int } from "./define-op.ts";
import { inferDet, inferDft, inferStft } from "./infer-signal.ts";

const parameter = { role: "parameter" } as const;

/** Signal processing and linear algebra. */
export const signalOps = {
  DFT: defineOp("DFT", {
    since: 20,
    inputs: ["input", "dft_length?", "axis?"],
    outputs: ["output"],
    attributes: { inverse: int(0), onesided: int(0) },
    roles: { dft_length: parameter, axis: parameter },
    infer: inferDft,
  }),
  STFT: defineOp("STFT", {
    since: 17,
    inputs: ["signal", "frame_step", "window?", "frame_length?"],
    outputs: ["output"],
    attributes: { onesided: int(1) },
    roles: { frame_step: parameter, window: parameter, frame_length: parameter },
    infer: inferStft,
  }),
  Det: defineOp("Det", { since: 11, inputs: ["X"], outputs: ["Y"], infer: inferDet }),
};
