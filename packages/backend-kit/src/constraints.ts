import { elementCount, schemaOf, type Node, type Value } from "@lowbit/ir";
import { padsWithZeros } from "@lowbit/quantize";
import type { Constraint } from "./capabilities.ts";

/** Operand `index` is data of the model, not computed: an initializer that callers cannot override. */
export function isData(index: number, what: string): Constraint {
  return {
    text: `${what} is constant`,
    objection(node) {
      const value = node.inputs[index] ?? null;
      return value === null || isModelData(value) ? null : `its ${what} "${value.name}" is computed, not constant`;
    },
  };
}

/** Whether a value is data of the model, trained or not. */
export function isModelData(value: Value): boolean {
  return value.initializer !== null && !value.isGraphInput;
}

/** An integer attribute has this value; absent ones count with `fallback`. */
export function attributeIs(name: string, value: number, fallback: number): Constraint {
  return {
    text: `${name} is ${value}`,
    objection(node) {
      const kind = node.attributes.get(name)?.kind;
      const actual = kind === "float" ? node.float(name, fallback) : node.int(name, fallback);
      return actual === value ? null : `${name} is ${actual}, the kernel needs ${value}`;
    },
  };
}

/** A string attribute is one of these. */
export function attributeIn(name: string, values: readonly string[], fallback: string): Constraint {
  return {
    text: `${name} is ${values.join(" or ")}`,
    objection(node) {
      const actual = node.string(name, fallback);
      return values.includes(actual) ? null : `${name} is ${actual}, the kernel needs ${values.join(" or ")}`;
    },
  };
}

/** A string attribute is none of these, which the reason is given for. */
export function attributeNotIn(name: string, values: Readonly<Record<string, string>>, fallback: string): Constraint {
  return {
    text: `${name} is not ${Object.keys(values).join(" or ")}`,
    objection(node) {
      const actual = node.string(name, fallback);
      return Object.hasOwn(values, actual) ? `${name} is ${actual}: ${values[actual]}` : null;
    },
  };
}

/** Every element of a list of integers is 1, as where the list is absent. */
export function onlyOnes(name: string): Constraint {
  return {
    text: `${name} are 1`,
    objection(node) {
      const values = node.ints(name, []);
      return values.every((value) => value === 1) ? null : `${name} are ${values.join(", ")}, the kernel needs 1`;
    },
  };
}

/** The rank of operand `index` is known and lies in a range. */
export function rank(index: number, least: number, most: number): Constraint {
  const range = least === most ? String(least) : `${least} to ${most}`;
  return {
    text: `operand ${index} has rank ${range}`,
    objection(node) {
      const actual = node.inputs[index]?.shape?.length;
      if (actual === undefined) return `the rank of its operand ${index} is unknown`;
      return actual >= least && actual <= most
        ? null
        : `its operand ${index} has rank ${actual}, the kernel needs ${range}`;
    },
  };
}

/** No window of the node is larger than this along any axis. */
export function kernelAtMost(size: number): Constraint {
  return {
    text: `the kernel is at most ${size} wide`,
    objection(node) {
      const shape = node.ints("kernel_shape", null) ?? node.inputs[1]?.shape?.slice(2) ?? [];
      const widest = Math.max(0, ...shape.map((dim) => (typeof dim === "number" ? dim : Infinity)));
      return widest <= size ? null : `its kernel is ${widest} wide, at most ${size} is supported`;
    },
  };
}

/** Operand `index` is absent, or holds one element per output channel. */
export function biasPerChannel(index: number): Constraint {
  return {
    text: "the bias has one element per output channel",
    objection(node) {
      const bias = node.inputs[index] ?? null;
      if (bias === null) return null;
      const channels = channelCount(node);
      const count = elementCount(bias.shape);
      const isRow = bias.shape?.at(-1) === count || count === 1;
      return channels !== null && count === channels && isRow
        ? null
        : `its bias of ${count ?? "unknown"} elements is not one per output channel`;
    },
  };
}

/** The axis of a Softmax is known to be longer than one element. */
export const manyAlongAxis: Constraint = {
  text: "there is more than one element along its axis",
  objection(node) {
    const shape = node.inputs[0]?.shape;
    const dim = shape?.at(node.int("axis", -1));
    if (typeof dim === "number")
      return dim > 1 ? null : "for one element along its axis the kernel gives 0 instead of 1";
    return "the length of its axis is open, and for one element the kernel gives 0 instead of 1";
  },
};

/** Only the first output is read. */
export const onlyFirstOutput: Constraint = {
  text: "only the first output is read",
  objection(node) {
    const extra = node.outputs.slice(1).find((value) => value && (value.uses.size > 0 || value.isGraphOutput));
    return extra ? `its output "${extra.name}" is read too` : null;
  },
};

/** A Pad fills with zeros. */
export const zeroFill: Constraint = {
  text: "it pads with zeros",
  objection: (node) => (padsWithZeros(node) ? null : "it pads with something else than zeros"),
};

/** Number of output channels of a node with a weight: the length of the axis its scales run along. */
export function channelCount(node: Node): number | null {
  const schema = schemaOf(node.op, node.domain);
  if (!schema) return null;
  for (const [index, value] of node.inputs.entries()) {
    const role = schema.roles[schema.inputs[index] ?? ""];
    if (role?.role !== "weight" || role.channelAxis === undefined) continue;
    const axis = typeof role.channelAxis === "function" ? role.channelAxis(node) : role.channelAxis;
    const dim = value?.shape?.[axis];
    return typeof dim === "number" ? dim : null;
  }
  return null;
}
