/** lowbit backend for x86 CPUs (FBGEMM-like). */
export {};
