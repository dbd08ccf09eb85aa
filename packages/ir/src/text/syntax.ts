import type { AttributeKind } from "../graph/attribute.ts";
import type { Role } from "../graph/value.ts";
import type { Tensor } from "../tensor.ts";
import type { TensorType, ValueType } from "../types.ts";
import type { Name } from "./cursor.ts";

/** Data in braces, or null where the text leaves it out. */
export interface TensorSyntax {
  readonly type: TensorType & { readonly shape: readonly number[] };
  readonly name: string;
  readonly data: Tensor | null;
}

/** A typed name: graph input, graph output, initializer or the type of an inner value. */
export interface DeclarationSyntax {
  readonly name: Name;
  readonly type: ValueType | null;
  /** Present after `=`. */
  readonly tensor: TensorSyntax | null;
  /** From the comment after an initializer. */
  readonly role: Role | null;
}

/** An attribute value before its kind is settled by annotation or schema. */
export type AttributeValueSyntax =
  | { readonly form: "int"; readonly text: string }
  | { readonly form: "float"; readonly text: string }
  | { readonly form: "string"; readonly text: string }
  | { readonly form: "tensor"; readonly tensor: TensorSyntax }
  | { readonly form: "graph"; readonly graph: GraphSyntax }
  | { readonly form: "type_proto"; readonly type: ValueType }
  | { readonly form: "ref"; readonly name: string }
  | { readonly form: "list"; readonly items: readonly AttributeValueSyntax[] };

export interface AttributeSyntax {
  readonly name: Name;
  readonly kind: AttributeKind | null;
  readonly value: AttributeValueSyntax;
}

export interface NodeSyntax {
  readonly at: number;
  readonly label: string;
  readonly domain: string;
  readonly op: string;
  readonly overload: string;
  /** Absent operands and outputs have empty names. */
  readonly inputs: readonly Name[];
  readonly outputs: readonly Name[];
  readonly attributes: readonly AttributeSyntax[];
}

export interface GraphSyntax {
  readonly name: string;
  readonly inputs: readonly DeclarationSyntax[];
  readonly outputs: readonly DeclarationSyntax[];
  readonly declarations: readonly DeclarationSyntax[];
  readonly nodes: readonly NodeSyntax[];
}

/** What stands between `<` and `>` before a graph or a function. */
export interface HeaderSyntax {
  readonly integers: ReadonlyMap<string, number>;
  readonly strings: ReadonlyMap<string, string>;
  readonly opsets: ReadonlyMap<string, number> | null;
  readonly metadata: ReadonlyMap<string, string> | null;
}

export interface FunctionSyntax {
  readonly header: HeaderSyntax | null;
  readonly attributes: readonly (AttributeSyntax | Name)[];
  readonly body: GraphSyntax;
}

export interface ModelSyntax {
  readonly header: HeaderSyntax | null;
  readonly graph: GraphSyntax;
  readonly functions: readonly FunctionSyntax[];
}
