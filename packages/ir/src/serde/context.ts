import type { GraphProto } from "@lowbit/onnx-proto";
import type { Diagnostic } from "../diagnostics.ts";
import type { Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import type { Tensor } from "../tensor.ts";
import type { ExternalFiles } from "./external-files.ts";

/** What every step of an import may ask for. */
export interface ImportContext {
  readonly files: ExternalFiles;
  readonly report: (finding: Diagnostic) => void;
  /** Imports the body of a node. */
  readonly body: (proto: GraphProto, owner: Node) => Graph;
}

/** Where a tensor's bytes go when they are not put into the model file. */
export interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
}

/** What every step of an export may ask for. */
export interface ExportContext {
  /** The place of a tensor's bytes; null: in the model file. */
  readonly place: (tensor: Tensor, kind: "initializer" | "attribute") => ExternalPlace | null;
  /** Whether the types of inner values are written that every reader infers; absent: they are. */
  readonly innerTypes?: boolean;
}
