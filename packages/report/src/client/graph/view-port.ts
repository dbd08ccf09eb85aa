/** Which part of a drawing a canvas shows: the drawing's point at its upper left corner, and pixels per pixel of the drawing. */
export class ViewPort {
  x = 0;
  y = 0;
  scale = 1;
  /** Of the canvas, in CSS pixels. */
  width = 1;
  height = 1;
  #drawing = { width: 1, height: 1 };

  /** Says how large the drawing is now. */
  show(drawing: { readonly width: number; readonly height: number }): void {
    this.#drawing = drawing;
    this.#keepInside();
  }

  /** Shows everything. */
  fit(): void {
    this.scale = this.#fitting();
    this.x = this.#drawing.width / 2;
    this.y = this.#drawing.height / 2;
    this.center(this.x, this.y);
  }

  /** Begins at the top, whole where that can be read. */
  begin(): void {
    this.fit();
    if (this.scale > 0.6) return;
    this.scale = 1;
    this.center(this.#drawing.width / 2, this.height / 2 - margin);
  }

  /** Scales; the point of the canvas that is told stays where it is (default: the middle). */
  zoom(factor: number, x = this.width / 2, y = this.height / 2): void {
    const scale = Math.min(3, Math.max(this.#fitting() / 1.5, this.scale * factor));
    this.x += x / this.scale - x / scale;
    this.y += y / this.scale - y / scale;
    this.scale = scale;
    this.#keepInside();
  }

  /** Moves by pixels of the canvas. */
  move(x: number, y: number): void {
    this.x += x / this.scale;
    this.y += y / this.scale;
    this.#keepInside();
  }

  /** Brings a point of the drawing into the middle. */
  center(x: number, y: number): void {
    this.x = x - this.width / (2 * this.scale);
    this.y = y - this.height / (2 * this.scale);
    this.#keepInside();
  }

  #fitting(): number {
    const { width, height } = this.#drawing;
    return Math.min(1.25, this.width / (width + 2 * margin), this.height / (height + 2 * margin));
  }

  /** The middle of the canvas always shows some of the drawing. */
  #keepInside(): void {
    const half = { x: this.width / (2 * this.scale), y: this.height / (2 * this.scale) };
    this.x = Math.min(this.#drawing.width - half.x, Math.max(-half.x, this.x));
    this.y = Math.min(this.#drawing.height - half.y, Math.max(-half.y, this.y));
  }
}

/** Room around the drawing, in its pixels. */
const margin = 18;
