/** lowbit backend for Arm CPUs (QNNPACK- and XNNPACK-like). */
export {};
