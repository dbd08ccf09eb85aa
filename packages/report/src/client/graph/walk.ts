import type { Item, Scene, SceneBox } from "./scene.ts";

/** Where an arrow key leads from an item: along a line up or down, or to the next box beside it. Null where nothing is. */
export function neighbour(scene: Scene, from: Item | null, key: string): Item | null {
  const boxes = scene.boxes.filter(({ open }) => !open);
  if (from === null) return boxes[0]?.item ?? null;
  const at = scene.boxes.find(({ item }) => same(item, from));
  if (!at) return boxes[0]?.item ?? null;
  const [x, y] = [at.x + at.width / 2, at.y + at.height / 2];
  const isDown = key === "ArrowDown";
  const inside = at.open && isDown ? boxes.filter((box) => isWithin(box, at)) : [];
  if (inside.length > 0) return nearest(inside, x, at.y, 2)!.item;
  if (isDown || key === "ArrowUp") {
    const linked = scene.lines.flatMap((line) => {
      const end = isDown ? same(line.from, from) && line.to : same(line.to, from) && line.from;
      return end ? [end] : [];
    });
    const direct = nearest(
      boxes.filter(({ item }) => linked.some((each) => same(each, item))),
      x,
      y,
      1,
    );
    // Lines that end at the border of an open block go on inside: the next box that way.
    const beyond = boxes.filter((box) => (isDown ? box.y >= at.y + at.height : box.y + box.height <= at.y));
    return (direct ?? nearest(beyond, x, y, 2))?.item ?? null;
  }
  const isRight = key === "ArrowRight";
  const beside = boxes.filter(
    (box) =>
      (isRight ? box.x >= at.x + at.width / 2 : box.x + box.width <= at.x + at.width / 2) &&
      Math.abs(box.y + box.height / 2 - y) < 60,
  );
  return nearest(beside, x, y, 3)?.item ?? null;
}

/** The box nearest to a point, a distance upwards or downwards counting `steep` times. */
function nearest(boxes: readonly SceneBox[], x: number, y: number, steep: number): SceneBox | null {
  const distance = (box: SceneBox): number =>
    Math.abs(box.x + box.width / 2 - x) + steep * Math.abs(box.y + box.height / 2 - y);
  return boxes.reduce<SceneBox | null>((best, box) => (best && distance(best) <= distance(box) ? best : box), null);
}

function isWithin(box: SceneBox, outer: SceneBox): boolean {
  const { x, y, width, height } = outer;
  return box.x >= x && box.y >= y && box.x + box.width <= x + width && box.y + box.height <= y + height;
}

function same(a: Item | null, b: Item | null): boolean {
  return a !== null && b !== null && a.kind === b.kind && a.index === b.index;
}
