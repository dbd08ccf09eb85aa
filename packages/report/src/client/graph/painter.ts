import type { ReportGraph } from "../../report-data.ts";
import { shortened } from "../element.ts";
import type { Theme } from "../theme.ts";
import type { Colouring, GraphColours, Paint } from "./colours.ts";
import type { Item, Scene, SceneBox, SceneLine } from "./scene.ts";
import type { ViewPort } from "./view-port.ts";

/** What of a graph stands out. */
export interface Emphasis {
  readonly by: Colouring | null;
  readonly chosen: Item | null;
  /** Nodes that were searched for; null: nothing was. */
  readonly found: ReadonlySet<number> | null;
}

/** Scales below which names, and then all texts and arrows, are left out: nobody could read them. */
const nameScale = 0.55;
const textScale = 0.3;
const font = "system-ui, sans-serif";

/** Paints what a view port shows of a scene. */
export class Painter {
  readonly #graph: ReportGraph;
  readonly #colours: GraphColours;
  readonly #theme: Theme;

  constructor(graph: ReportGraph, colours: GraphColours, theme: Theme) {
    this.#graph = graph;
    this.#colours = colours;
    this.#theme = theme;
  }

  paint(context: CanvasRenderingContext2D, scene: Scene, view: ViewPort, emphasis: Emphasis, density: number): void {
    const colours = {
      ink: this.#theme.colour("ink"),
      soft: this.#theme.colour("soft"),
      card: this.#theme.colour("card"),
      back: this.#theme.colour("back"),
      edge: this.#theme.colour("edge"),
      line: this.#theme.colour("line"),
      accent: this.#theme.colour("accent"),
    };
    const { x, y, scale, width, height } = view;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.fillStyle = colours.card;
    context.fillRect(0, 0, width, height);
    context.setTransform(density * scale, 0, 0, density * scale, -x * scale * density, -y * scale * density);
    const [right, bottom] = [x + width / scale, y + height / scale];
    const isSeen = (box: SceneBox): boolean =>
      box.x < right && box.y < bottom && box.x + box.width > x && box.y + box.height > y;
    const boxes = scene.boxes.filter(isSeen);
    for (const box of boxes) if (box.open) this.#frame(context, box, emphasis, colours, scale);
    this.#lines(
      context,
      scene.lines.filter((line) => crosses(line, x, y, right, bottom)),
      emphasis,
      colours,
      scale,
    );
    for (const box of boxes) if (!box.open) this.#box(context, box, emphasis, colours, scale);
  }

  #frame(
    context: CanvasRenderingContext2D,
    box: SceneBox,
    { chosen }: Emphasis,
    colours: Colours,
    scale: number,
  ): void {
    context.beginPath();
    context.roundRect(box.x, box.y, box.width, box.height, 9);
    context.fillStyle = colours.back;
    context.fill();
    const isChosen = same(box.item, chosen);
    context.lineWidth = isChosen ? 3 : 1.2;
    context.strokeStyle = isChosen ? colours.accent : colours.edge;
    context.stroke();
    if (scale < textScale) return;
    context.textAlign = "left";
    context.fillStyle = colours.soft;
    context.font = `600 12px ${font}`;
    const { name } = this.#graph.blocks[box.item.index]!;
    context.fillText(`\u2212  ${fitting(context, name, box.width / 2 - 34)}`, box.x + 10, box.y + 18);
  }

  #lines(
    context: CanvasRenderingContext2D,
    lines: readonly SceneLine[],
    { chosen }: Emphasis,
    colours: Colours,
    scale: number,
  ): void {
    const touches = (line: SceneLine): boolean => chosen !== null && (same(line.from, chosen) || same(line.to, chosen));
    const stroke = (some: readonly SceneLine[], colour: string, width: number): void => {
      context.strokeStyle = colour;
      context.fillStyle = colour;
      // A line thinner than a pixel cannot be seen.
      context.lineWidth = Math.max(width, 0.7 / scale);
      context.beginPath();
      for (const { points } of some) trace(context, points, scale < textScale);
      context.stroke();
      if (scale >= textScale) for (const line of some) if (line.ends) arrow(context, line.points);
    };
    const marked = lines.filter(touches);
    stroke(marked.length === 0 ? lines : lines.filter((line) => !touches(line)), colours.edge, 1.3);
    if (marked.length > 0) stroke(marked, colours.accent, 2.6);
  }

  #box(context: CanvasRenderingContext2D, box: SceneBox, emphasis: Emphasis, colours: Colours, scale: number): void {
    const { item, x, y, width, height } = box;
    const { by, chosen, found } = emphasis;
    const paint = by === null ? null : this.#colours.paint(item, by);
    const nodes = item.kind === "node" ? [item.index] : this.#colours.members[item.index]!;
    context.globalAlpha = found === null || nodes.some((node) => found.has(node)) ? 1 : 0.3;
    if (scale < textScale) {
      context.fillStyle = paint?.fill ?? colours.line;
      context.fillRect(x, y, width, height);
    } else {
      if (item.kind === "block") {
        // A second sheet behind: there is more inside.
        context.beginPath();
        context.roundRect(x + 4, y + 4, width, height, 7);
        context.fillStyle = colours.line;
        context.fill();
      }
      context.beginPath();
      context.roundRect(x, y, width, height, 7);
      this.#fill(context, box, paint, colours);
      context.lineWidth = 1;
      context.strokeStyle = paint ? colours.line : colours.edge;
      context.stroke();
      this.#texts(context, box, paint?.ink ?? colours.ink, paint === null ? colours.soft : paint.ink, scale);
    }
    context.globalAlpha = 1;
    if (!same(item, chosen)) return;
    context.beginPath();
    context.roundRect(x - 3, y - 3, width + 6, height + 6, 9);
    context.lineWidth = Math.max(3, 2 / scale);
    context.strokeStyle = colours.accent;
    context.stroke();
  }

  #fill(context: CanvasRenderingContext2D, box: SceneBox, paint: Paint | null, colours: Colours): void {
    context.fillStyle = paint?.fill ?? colours.card;
    context.fill();
    if (paint?.integers === undefined) return;
    context.save();
    context.clip();
    context.fillStyle = this.#theme.colour("integer");
    context.fillRect(box.x, box.y + box.height - 7, box.width * paint.integers, 7);
    context.restore();
  }

  #texts(context: CanvasRenderingContext2D, box: SceneBox, ink: string, soft: string, scale: number): void {
    const { item, x, y, width } = box;
    const middle = x + width / 2;
    context.textAlign = "center";
    context.fillStyle = ink;
    context.font = `600 13px ${font}`;
    if (item.kind === "node") {
      const { op, name } = this.#graph.nodes[item.index]!;
      // Two ops in one have long names.
      if (op.length > 18) context.font = `600 11.5px ${font}`;
      const withName = scale >= nameScale;
      context.fillText(fitting(context, op, width - 16), middle, y + (withName ? 18 : 27));
      if (!withName) return;
      context.fillStyle = soft;
      context.font = `11px ${font}`;
      context.fillText(fitting(context, name, width - 16), middle, y + 34);
      return;
    }
    const { name, alike } = this.#graph.blocks[item.index]!;
    context.fillText(`+  ${fitting(context, name, width - 40)}`, middle, y + 21);
    if (scale < nameScale) return;
    const count = this.#colours.members[item.index]!.length;
    context.fillStyle = soft;
    context.font = `11px ${font}`;
    context.fillText(`${count} nodes${alike > 1 ? `, ${alike} alike` : ""}`, middle, y + 38);
  }
}

type Colours = Readonly<Record<"ink" | "soft" | "card" | "back" | "edge" | "line" | "accent", string>>;

function same(a: Item | null, b: Item | null): boolean {
  return a !== null && b !== null && a.kind === b.kind && a.index === b.index;
}

function crosses({ points }: SceneLine, left: number, top: number, right: number, bottom: number): boolean {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    x0 = Math.min(x0, points[i]!);
    x1 = Math.max(x1, points[i]!);
    y0 = Math.min(y0, points[i + 1]!);
    y1 = Math.max(y1, points[i + 1]!);
  }
  return x0 < right && y0 < bottom && x1 > left && y1 > top;
}

/** A line through points, rounded at its corners. */
function trace(context: CanvasRenderingContext2D, points: readonly number[], straight: boolean): void {
  context.moveTo(points[0]!, points[1]!);
  for (let i = 2; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!];
    const isLast = i + 2 >= points.length;
    if (straight || isLast) context.lineTo(x, y);
    else context.quadraticCurveTo(x, y, (x + points[i + 2]!) / 2, (y + points[i + 3]!) / 2);
  }
}

function arrow(context: CanvasRenderingContext2D, points: readonly number[]): void {
  const [x, y, px, py] = [points.at(-2)!, points.at(-1)!, points.at(-4)!, points.at(-3)!];
  const angle = Math.atan2(y - py, x - px);
  context.beginPath();
  context.moveTo(x, y);
  for (const turn of [2.7, -2.7]) context.lineTo(x + 7 * Math.cos(angle + turn), y + 7 * Math.sin(angle + turn));
  context.fill();
}

/** Texts as they were made to fit: measuring is what costs most when a graph moves. */
const fitted = new Map<string, string>();

/** A text that is no wider than there is room. */
function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  // Names can be very long; no more of them than could ever fit is measured.
  const whole = shortened(text.slice(0, 4000).replaceAll(/\s+/g, " "), 80);
  const key = `${context.font} ${Math.round(room)} ${whole}`;
  const known = fitted.get(key);
  if (known !== undefined) return known;
  let shown = whole;
  for (let most = shown.length; most > 10 && context.measureText(shown).width > room; most -= 1) {
    shown = shortened(whole, most);
  }
  fitted.set(key, shown);
  return shown;
}
