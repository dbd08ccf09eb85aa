import { Graph, layout } from "@dagrejs/dagre";

/** A box to place. */
export interface LevelBox {
  readonly width: number;
  readonly height: number;
  /** Where it must stand: at the upper or lower border; absent: anywhere. */
  readonly border?: "top" | "bottom";
}

/** An edge between two boxes: indices. */
export interface LevelEdge {
  readonly from: number;
  readonly to: number;
}

/** Where boxes and edges of one level stand, in whole pixels. */
export interface LevelLayout {
  readonly width: number;
  readonly height: number;
  /** Centers, in the order of the boxes: x, y, x, y, … */
  readonly places: readonly number[];
  /** The points of each edge, in the order of the edges: x, y, x, y, … */
  readonly routes: readonly (readonly number[])[];
}

/** Boxes above which ranks are found the quick way. */
const manyBoxes = 300;

/** Keeps boxes at their border against the pull of the boxes that they are connected with. */
const borderWeight = 100;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Places boxes from top to bottom along their edges, with dagre. Points of edges begin and end at the borders of boxes. */
export function layoutLevel(boxes: readonly LevelBox[], edges: readonly LevelEdge[]): LevelLayout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: "TB",
    ranksep: 28,
    nodesep: 24,
    edgesep: 12,
    ranker: boxes.length > manyBoxes ? "longest-path" : "network-simplex",
  });
  graph.setDefaultEdgeLabel(() => ({}));
  boxes.forEach(({ width, height }, index) => graph.setNode(String(index), { width, height }));
  edges.forEach(({ from, to }, index) => graph.setEdge(String(from), String(to), {}, String(index)));
  const at = (side: string): readonly number[] =>
    boxes.flatMap(({ border }, index) => (border === side ? [index] : []));
  const [tops, bottoms] = [at("top"), at("bottom")];
  if (tops.length > 0) graph.setNode("top", { width: 1, height: 1 });
  if (bottoms.length > 0) graph.setNode("bottom", { width: 1, height: 1 });
  for (const top of tops) graph.setEdge("top", String(top), { weight: borderWeight }, `top ${top}`);
  for (const bottom of bottoms) graph.setEdge(String(bottom), "bottom", { weight: borderWeight }, `bottom ${bottom}`);
  if (boxes.length > 0) layout(graph);
  const centers = boxes.map((_, index) => graph.node(String(index)) as Point);
  const routes = edges.map(
    ({ from, to }, index) =>
      (graph.edge(String(from), String(to), String(index)) as { readonly points: readonly Point[] }).points,
  );
  return fitted(boxes, centers, routes);
}

/** Moves everything so that it begins at 0, 0: what was added to hold the borders leaves no room behind. */
function fitted(
  boxes: readonly LevelBox[],
  centers: readonly Point[],
  routes: readonly (readonly Point[])[],
): LevelLayout {
  const xs = [
    ...boxes.flatMap(({ width }, i) => [centers[i]!.x - width / 2, centers[i]!.x + width / 2]),
    ...routes.flatMap((points) => points.map(({ x }) => x)),
  ];
  const ys = boxes.flatMap(({ height }, i) => [centers[i]!.y - height / 2, centers[i]!.y + height / 2]);
  const [left, right] = [least(xs), -least(xs.map((x) => -x))];
  const [top, bottom] = [least(ys), -least(ys.map((y) => -y))];
  const flat = (points: readonly Point[]): readonly number[] =>
    points.flatMap(({ x, y }) => [Math.round(x - left), Math.round(y - top)]);
  return {
    width: Math.ceil(right - left),
    height: Math.ceil(bottom - top),
    places: flat(centers),
    routes: routes.map(flat),
  };
}

/** The smallest of many numbers, more than a call takes as arguments; 0 for none. */
function least(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((a, b) => Math.min(a, b));
}
