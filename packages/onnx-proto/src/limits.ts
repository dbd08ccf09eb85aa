/**
 * How deep messages may nest. protobuf's own readers stop at 100; a graph in an attribute of a node of a graph takes
 * three levels, so 300 leaves room for 100 levels of If, Loop and Scan.
 */
export const maxDepth = 300;

/** Longest message in bytes, 2 GiB - 1: lengths on the wire are signed 32-bit numbers. */
export const maxMessageBytes = 2 ** 31 - 1;

/** Longest string in bytes: what JavaScript engines hold, 2^29 - 24 characters. */
export const maxTextBytes = 2 ** 29 - 24;
