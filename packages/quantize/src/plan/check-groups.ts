import { operandRole, schemaOf } from "@lowbit/ir";
import { badPlan } from "../diagnostics.ts";
import { checkObserved } from "./check-observed.ts";
import type { QuantPlan } from "./plan.ts";
import { PointNames } from "./point-names.ts";
import { sharingGroups, type SharingGroups } from "./sharing.ts";
import { granularityText, isUse, valueOf, type DerivedSpec, type OwnSpec, type QuantPoint } from "./spec.ts";

/**
 * Checks what only shows when the points of a plan are seen together: that all which share codes can have them, and that
 * biases have the scales that they are made of.
 *
 * @throws CompileError `quantize/plan`
 */
export function checkGroups(plan: QuantPlan): void {
  const names = new PointNames(plan.graph);
  const groups = sharingGroups(plan);
  for (const { root, spec, members } of groups.groups) {
    for (const point of members) if (point !== root) checkMember(point, root, spec, names);
  }
  for (const [point, spec] of plan.specs) if (spec.kind === "derived") checkDerived(point, spec, groups, names);
}

/** Whether a point can have the codes of another one. */
function checkMember(point: QuantPoint, root: QuantPoint, spec: OwnSpec, names: PointNames): void {
  const [value, first] = [valueOf(point), valueOf(root)];
  if (value === first) return;
  const name = names.of(point);
  if (spec.kind === "observed") checkObserved(value, spec, name);
  if (spec.granularity.kind === "tensor") return;
  const { axis } = spec.granularity;
  const [own, other] = [value, first].map((each) => each?.shape?.[axis]);
  if (spec.granularity.kind === "channel" && typeof own === "number" && own === other) return;
  const codes = `the ${granularityText(spec.granularity)} codes of "${names.of(root)}"`;
  throw badPlan(`"${name}" cannot share ${codes}: it has not as many scales`, name);
}

/** Whether the scales of data and weight make one for each element of a bias. */
function checkDerived(point: QuantPoint, { from }: DerivedSpec, groups: SharingGroups, names: PointNames): void {
  const name = names.of(point);
  const [data, weight] = from.map((each) => groups.of(each)?.spec);
  const why = `"${name}" is an int32 bias with the scale of "${names.of(from[0])}" times that of "${names.of(from[1])}"`;
  const help = `leave out "${name}" to keep the bias in float`;
  if (data?.kind === "dynamic") throw badPlan(`${why}, and the first is only known while the model runs`, name, help);
  if (data && data.granularity.kind !== "tensor") {
    throw badPlan(`${why}, and the first has ${granularityText(data.granularity)} scales`, name, help);
  }
  const channels = outputAxis(from[1]);
  if (weight?.granularity.kind !== "channel" || channels === null || weight.granularity.axis === channels) return;
  const along = `along axis ${weight.granularity.axis}, not along its output channels (axis ${channels})`;
  throw badPlan(`${why}, and the second has scales ${along}`, name, help);
}

/** The axis of the output channels of a weight that a node reads at a point; null where nothing tells it. */
function outputAxis(point: QuantPoint): number | null {
  if (!isUse(point)) return null;
  const schema = schemaOf(point.node.op, point.node.domain);
  const role = schema && operandRole(schema, point.index);
  if (role?.role !== "weight" || role.channelAxis === undefined) return null;
  return typeof role.channelAxis === "function" ? role.channelAxis(point.node) : role.channelAxis;
}
