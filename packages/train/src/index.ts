/** Losses, optimizers, the train-step graph, the training loop and data sources. */
export {};
