/** Moves and scales a drawing: drag, wheel, arrow keys, + and -. */
export class PanZoom {
  readonly #canvas: SVGSVGElement;
  readonly #size: readonly [number, number];
  #box: [x: number, y: number, width: number, height: number] = [0, 0, 1, 1];

  constructor(canvas: SVGSVGElement, width: number, height: number) {
    this.#canvas = canvas;
    this.#size = [width, height];
    requestAnimationFrame(() => this.#begin());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#drag(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows everything. */
  fit(): void {
    const [width, height] = this.#size;
    this.#box = [-20, -20, width + 40, height + 40];
    this.#apply();
  }

  /** Scales around the middle; below 1 comes nearer. */
  zoom(factor: number): void {
    const [x, y, width, height] = this.#box;
    this.#box = [x + (width * (1 - factor)) / 2, y + (height * (1 - factor)) / 2, width * factor, height * factor];
    this.#apply();
  }

  /** Brings a point of the drawing into the middle. */
  center(x: number, y: number): void {
    const [, , width, height] = this.#box;
    this.#box = [x - width / 2, y - height / 2, width, height];
    this.#apply();
  }

  /** Begins at the top, at a scale at which names can be read. */
  #begin(): void {
    const { clientWidth: wide, clientHeight: high } = this.#canvas;
    const [width] = this.#size;
    this.#box = [width / 2 - wide / 2, -20, wide || 1, high || 1];
    this.#apply();
  }

  #apply(): void {
    this.#canvas.setAttribute("viewBox", this.#box.map((number) => number.toFixed(1)).join(" "));
  }

  #perPixel(): number {
    const [, , width, height] = this.#box;
    return Math.max(width / this.#canvas.clientWidth, height / this.#canvas.clientHeight);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15);
  }

  #drag(down: PointerEvent): void {
    const [x, y, width, height] = this.#box;
    const move = (event: PointerEvent): void => {
      const scale = this.#perPixel();
      this.#box = [
        x - (event.clientX - down.clientX) * scale,
        y - (event.clientY - down.clientY) * scale,
        width,
        height,
      ];
      this.#apply();
    };
    const end = (): void => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
  }

  #key(event: KeyboardEvent): void {
    const step = 60 * this.#perPixel();
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (move) {
      const [x, y, width, height] = this.#box;
      this.#box = [x + move[0], y + move[1], width, height];
      this.#apply();
      event.preventDefault();
    } else if (event.key === "+") this.zoom(0.8);
    else if (event.key === "-") this.zoom(1.25);
  }
}
