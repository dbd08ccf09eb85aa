import { type Fields, optional, repeated } from "./field.ts";
import type { FunctionProto } from "./function.ts";
import type { Message } from "./message.ts";

/** A description of an operator set, a file kind of its own. */
export interface OperatorSetProto extends Message {
  readonly magic?: string;
  readonly ir_version?: number;
  readonly ir_version_prerelease?: string;
  readonly domain?: string;
  readonly opset_version?: number;
  readonly doc_string?: string;
  readonly ir_build_metadata?: string;
  readonly operator: readonly OperatorProto[];
  readonly functions: readonly FunctionProto[];
}

/** One operator of an operator set. */
export interface OperatorProto extends Message {
  readonly op_type?: string;
  readonly since_version?: number;
  /** 0: experimental, 1: stable. */
  readonly status?: number;
  readonly doc_string?: string;
}

export const operatorSetProto: Fields<OperatorSetProto> = {
  magic: optional.string(1),
  ir_version: optional.integer(2),
  ir_version_prerelease: optional.string(3),
  domain: optional.string(4),
  opset_version: optional.integer(5),
  doc_string: optional.string(6),
  ir_build_metadata: optional.string(7),
  operator: repeated.message(8, "OperatorProto"),
  functions: repeated.message(9, "FunctionProto"),
};

export const operatorProto: Fields<OperatorProto> = {
  op_type: optional.string(1),
  since_version: optional.integer(2),
  status: optional.int32(3),
  doc_string: optional.string(10),
};
