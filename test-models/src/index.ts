/** Models and data sets that only the tests use. */
export {};
