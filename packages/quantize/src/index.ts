/** Quantization specs, plans, observers, prepare, calibrate and convert. */
export {};
