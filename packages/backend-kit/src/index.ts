/** The lowbit Backend contract and the conformance suite every backend runs. */
export {};
