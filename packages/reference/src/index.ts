/** Reference interpreter of the lowbit IR, float and integer. */
export {};
