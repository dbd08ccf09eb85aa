import { element } from "../element.ts";
import type { Theme } from "../theme.ts";
import type { Emphasis, Painter } from "./painter.ts";
import type { Item, OpenableGraph, Scene } from "./scene.ts";
import { ViewPort } from "./view-port.ts";

/** Size on paper, in CSS pixels: as wide as a page of A4 within its margins. */
const paper = { width: 680, height: 880 } as const;

/** What a user does to the graph. */
export interface GraphGestures {
  readonly choose: (item: Item | null) => void;
  readonly toggle: (block: number) => void;
  /** A key that is not about moving the view. */
  readonly key: (event: KeyboardEvent) => void;
}

/** The canvas on which a graph is drawn: it moves and scales, and tells what was clicked. */
export class GraphCanvas {
  readonly canvas: HTMLCanvasElement;
  readonly view = new ViewPort();
  scene: Scene;
  emphasis: Emphasis = { by: null, chosen: null, found: null };
  readonly #graph: OpenableGraph;
  readonly #painter: Painter;
  readonly #gestures: GraphGestures;
  #waiting = false;
  #begun = false;

  constructor(graph: OpenableGraph, painter: Painter, theme: Theme, gestures: GraphGestures) {
    this.#graph = graph;
    this.#painter = painter;
    this.#gestures = gestures;
    this.scene = graph.scene();
    this.canvas = element("canvas", {
      class: "graph",
      role: "application",
      "aria-roledescription": "graph",
      "aria-label": "graph of the model",
      tabindex: 0,
      pointerdown: (event: PointerEvent) => this.#drag(event),
      dblclick: (event: MouseEvent) => this.#doubleClick(event),
      keydown: (event: KeyboardEvent) => this.#key(event),
    });
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    theme.listen(this.canvas, () => (theme.printing ? this.#print() : this.#resize()));
  }

  /** Draws again soon, once however often it is called. */
  draw(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#paint(window.devicePixelRatio);
    });
  }

  /** Takes in that blocks were opened or closed; an item stays where it was on screen. */
  rearrange(anchor: Item | null): void {
    const before = anchor && this.#boxOf(anchor);
    this.scene = this.#graph.scene();
    const after = anchor && this.#boxOf(anchor);
    this.view.show(this.scene);
    if (before && after) {
      const middle = (box: { x: number; width: number }): number => box.x + box.width / 2;
      this.view.move((middle(after) - middle(before)) * this.view.scale, (after.y - before.y) * this.view.scale);
    }
    this.draw();
  }

  /** Brings an item into the middle, large enough to be read. */
  reach(item: Item): void {
    const box = this.#boxOf(item);
    if (!box) return;
    if (this.view.scale < 0.6) this.view.scale = 0.9;
    this.view.center(box.x + box.width / 2, box.y + Math.min(box.height, 200) / 2);
    this.draw();
  }

  /** Brings an item into the middle when it cannot be seen. */
  see(item: Item): void {
    const box = this.#boxOf(item);
    const { x, y, width, height, scale } = this.view;
    const isSeen =
      box && box.x > x && box.y > y && box.x + box.width < x + width / scale && box.y + 40 < y + height / scale;
    if (box && !isSeen) this.reach(item);
    else this.draw();
  }

  #boxOf({ kind, index }: Item): Scene["boxes"][number] | undefined {
    return this.scene.boxes.find(({ item }) => item.kind === kind && item.index === index);
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    Object.assign(this.view, { width, height });
    this.view.show(this.scene);
    if (!this.#begun) this.view.begin();
    this.#begun = true;
    const density = window.devicePixelRatio;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(height * density);
    this.#paint(density);
  }

  /** All of the graph, sharp enough for paper. */
  #print(): void {
    const density = 3;
    const { x, y, scale, width, height } = this.view;
    Object.assign(this.view, paper);
    this.view.show(this.scene);
    this.view.fit();
    const needed = Math.min(paper.height, (this.scene.height + 40) * this.view.scale);
    this.view.height = needed;
    this.view.fit();
    this.canvas.width = paper.width * density;
    this.canvas.height = Math.round(needed * density);
    this.#paint(density);
    Object.assign(this.view, { x, y, scale, width, height });
  }

  #paint(density: number): void {
    const context = this.canvas.getContext("2d")!;
    this.#painter.paint(context, this.scene, this.view, this.emphasis, density);
    // For those who measure: how often it was painted.
    this.canvas.dataset["frames"] = String(Number(this.canvas.dataset["frames"] ?? 0) + 1);
  }

  /** What is at a point of the canvas, and whether it is the sign that opens or closes. */
  #at(x: number, y: number): { readonly item: Item; readonly isSign: boolean } | null {
    const [px, py] = [this.view.x + x / this.view.scale, this.view.y + y / this.view.scale];
    const box = this.scene.boxes.findLast(
      (each) =>
        px >= each.x && py >= each.y && px <= each.x + each.width && py <= each.y + (each.open ? 28 : each.height),
    );
    if (!box) return null;
    return { item: box.item, isSign: box.item.kind === "block" && px < box.x + (box.open ? 26 : 0) };
  }

  #drag(down: PointerEvent): void {
    let [x, y, moved] = [down.clientX, down.clientY, 0];
    const move = (event: PointerEvent): void => {
      const [dx, dy] = [event.clientX - x, event.clientY - y];
      [x, y, moved] = [event.clientX, event.clientY, moved + Math.abs(dx) + Math.abs(dy)];
      this.view.move(-dx, -dy);
      this.draw();
    };
    const end = (event: PointerEvent): void => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
      if (moved > 4 || event.type === "pointercancel") return;
      const hit = this.#at(down.offsetX, down.offsetY);
      if (hit?.isSign) this.#gestures.toggle(hit.item.index);
      else this.#gestures.choose(hit?.item ?? null);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  #doubleClick({ offsetX, offsetY }: MouseEvent): void {
    const hit = this.#at(offsetX, offsetY);
    if (hit && hit.item.kind === "block" && !hit.isSign) this.#gestures.toggle(hit.item.index);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.view.zoom(Math.exp(-Math.max(-60, Math.min(60, event.deltaY)) / 400), event.offsetX, event.offsetY);
    this.draw();
  }

  #key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-60, 0],
      ArrowRight: [60, 0],
      ArrowUp: [0, -60],
      ArrowDown: [0, 60],
    };
    const move = event.shiftKey ? moves[event.key] : undefined;
    if (move) this.view.move(...move);
    else if (event.key === "+" || event.key === "=") this.view.zoom(1.25);
    else if (event.key === "-") this.view.zoom(0.8);
    else if (event.key === "0") this.view.fit();
    else return this.#gestures.key(event);
    event.preventDefault();
    this.draw();
  }
}
