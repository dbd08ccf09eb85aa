import type { ReportData } from "../../report-data.ts";
import { element } from "../element.ts";
import { plural } from "../numbers.ts";
import type { Selection } from "../selection.ts";
import type { Theme } from "../theme.ts";
import { GraphCanvas } from "./canvas.ts";
import { GraphColours, type Colouring } from "./colours.ts";
import { factsOf, factsOfGraph, type FactActions } from "./facts.ts";
import { Painter } from "./painter.ts";
import { OpenableGraph, type Item, type Scene } from "./scene.ts";
import { neighbour } from "./walk.ts";

const titles: Readonly<Record<Colouring, string>> = {
  error: "error",
  saturation: "saturation",
  time: "time",
  integer: "integer or float",
};

const keys =
  "Arrow keys go from node to node, Enter opens and closes a block. Drag or Shift + arrows move, wheel or + and − scale, 0 shows all.";

/** The graph, from top to bottom, with pan, zoom, search, blocks that open, and the facts about the node that was clicked. */
export function graphView(data: ReportData, selection: Selection, theme: Theme): HTMLElement {
  const graph = new OpenableGraph(data.graph);
  const colours = new GraphColours(data);
  const facts = element("div", { class: "card facts", "aria-live": "polite" }, ...factsOfGraph(data));
  const rearrange = (anchor: Item | null): void => {
    canvas.rearrange(anchor);
    colours.compare(drawnItems(canvas.scene));
    key.show();
  };
  const toggle = (block: number): void => {
    graph.toggle(block);
    const item: Item = { kind: "block", index: block };
    rearrange(item);
    choose(item);
  };
  const choose = (item: Item | null): void => {
    canvas.emphasis = { ...canvas.emphasis, chosen: item };
    facts.replaceChildren(...(item ? factsOf(item, data, graph, colours, actions) : factsOfGraph(data)));
    canvas.draw();
    if (item?.kind === "node") selection.select(item.index);
  };
  const go = (node: number): void => {
    graph.reveal(node);
    rearrange(null);
    choose({ kind: "node", index: node });
    canvas.see({ kind: "node", index: node });
  };
  const actions: FactActions = { go, toggle };
  const press = (event: KeyboardEvent): void => {
    const { chosen } = canvas.emphasis;
    if (event.key.startsWith("Arrow")) {
      const next = neighbour(canvas.scene, chosen, event.key);
      if (next) {
        choose(next);
        canvas.see(next);
      }
    } else if ((event.key === "Enter" || event.key === " ") && chosen?.kind === "block") toggle(chosen.index);
    else if (event.key === "Escape") choose(null);
    else return;
    event.preventDefault();
  };
  const canvas = new GraphCanvas(graph, new Painter(data.graph, colours, theme), theme, { choose, toggle, key: press });
  colours.compare(drawnItems(canvas.scene));
  const key = colouringKey(colours, canvas);
  selection.listen((node) => {
    const { chosen } = canvas.emphasis;
    if (node !== null && !(chosen?.kind === "node" && chosen.index === node)) go(node);
  });
  const all = (open: boolean): void => {
    graph.openAll(open);
    rearrange(null);
    canvas.view.begin();
    canvas.draw();
  };
  const tools = element(
    "div",
    { class: "tools" },
    ...searchTools(data, canvas, go),
    ...key.tools,
    element("button", { click: () => (canvas.view.fit(), canvas.draw()) }, "Whole graph"),
    ...(data.graph.blocks.length === 0
      ? []
      : [
          element("button", { click: () => all(true) }, "Open all"),
          element("button", { click: () => all(false) }, "Close all"),
        ]),
  );
  const zoom = (factor: number): void => {
    canvas.view.zoom(factor);
    canvas.draw();
  };
  const buttons = element(
    "div",
    { class: "zoom" },
    element("button", { "aria-label": "zoom in", click: () => zoom(1.4) }, "+"),
    element("button", { "aria-label": "zoom out", click: () => zoom(1 / 1.4) }, "−"),
  );
  return element(
    "div",
    {},
    tools,
    element(
      "div",
      { class: "split" },
      element(
        "div",
        { class: "stage" },
        canvas.canvas,
        buttons,
        key.legend,
        element("p", { class: "soft small" }, keys),
      ),
      facts,
    ),
  );
}

function searchTools(data: ReportData, canvas: GraphCanvas, go: (node: number) => void): readonly HTMLElement[] {
  let [hits, next]: [readonly number[], number] = [[], 0];
  const count = element("span", { class: "soft", role: "status" });
  const search = element("input", {
    type: "search",
    placeholder: "Search nodes",
    "aria-label": "search nodes",
    input: () => {
      const wanted = search.value.toLowerCase();
      hits = data.graph.nodes.flatMap(({ name, op }, index) =>
        `${op} ${name}`.toLowerCase().includes(wanted) ? [index] : [],
      );
      next = 0;
      canvas.emphasis = { ...canvas.emphasis, found: wanted === "" ? null : new Set(hits) };
      count.textContent =
        wanted === ""
          ? ""
          : `${plural(hits.length, "node")}${hits.length === 0 ? "" : `, Enter shows ${hits.length === 1 ? "it" : "the next"}`}`;
      canvas.draw();
    },
    keydown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" || hits.length === 0) return;
      go(hits[next]!);
      canvas.reach({ kind: "node", index: hits[next]! });
      next = (next + 1) % hits.length;
    },
  });
  return [search, count];
}

/** What the colours are and mean. */
interface ColouringKey {
  readonly tools: readonly HTMLElement[];
  readonly legend: HTMLElement;
  /** Shows the legend of what is drawn now. */
  readonly show: () => void;
}

function colouringKey(colours: GraphColours, canvas: GraphCanvas): ColouringKey {
  const legend = element("div", { class: "legend" });
  const show = (): void => {
    const { by } = canvas.emphasis;
    if (by === null) return;
    const { title, entries } = colours.legend(by);
    legend.replaceChildren(
      element("b", {}, title),
      ...entries.map((entry) =>
        typeof entry === "string" ? element("span", {}, entry) : element("i", { style: `background:${entry.fill}` }),
      ),
      element("i", { class: "none" }),
      element("span", {}, "not known"),
    );
  };
  const choose = (by: Colouring | null): void => {
    canvas.emphasis = { ...canvas.emphasis, by };
    canvas.draw();
    show();
  };
  choose(colours.available[0] ?? null);
  const by = element(
    "select",
    { "aria-label": "colour by", change: () => choose(by.value as Colouring) },
    ...colours.available.map((each) => element("option", { value: each }, titles[each])),
  );
  const tools = colours.available.length === 0 ? [] : [element("label", {}, "Colour by ", by)];
  return { tools, legend, show };
}

function drawnItems({ boxes }: Scene): readonly Item[] {
  return boxes.filter(({ open }) => !open).map(({ item }) => item);
}
