/** Reverse-mode differentiation of lowbit graphs. */
export {};
