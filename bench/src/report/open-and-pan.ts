/**
 * How a report about a large graph feels: seconds until its graph is drawn, and frames per second while it is dragged, in headless
 * Chromium without a graphics card.
 *
 * `npm run bench:report [-- nodes]`. Exits with 1 when a graph takes more than 3 seconds to open, or is dragged with fewer than 25 frames
 * per second.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { Graph, GraphEditor, tensorType, type Value } from "@lowbit/ir";
import { reportGraph, reportHtml, type ReportData } from "@lowbit/report";
import { randomStream } from "@lowbit/train";
import { timed, timedAsync } from "../timed.ts";
import { startChromium } from "./chromium.ts";

const nodes = Number(process.argv[2] ?? 1500);
const mostSeconds = 3;
const leastFrames = 25;

/** Residual blocks in stages, named as exporters name them. */
function staged(): Graph {
  const editor = new GraphEditor(new Graph("staged"));
  let x = editor.input("x", tensorType("float", ["N", 8]));
  for (let block = 0; editor.graph.nodes.length < nodes; block++) {
    const at = `/stage${Math.floor(block / 30)}/block${block}`;
    const wide = editor.op.Relu([x], {}, { name: `${at}/expand/Relu` });
    const narrow = editor.op.Sigmoid([wide], {}, { name: `${at}/act/Sigmoid` });
    const gated = editor.op.Mul([wide, narrow], {}, { name: `${at}/act/Mul` });
    const back = editor.op.Tanh([gated], {}, { name: `${at}/project/Tanh` });
    x = editor.op.Add([back, x], {}, { name: `${at}/Add` });
  }
  editor.output(x);
  return editor.graph;
}

/** The same number of nodes without names or repetition: nothing of it becomes a block. */
function tangled(): Graph {
  const editor = new GraphEditor(new Graph("tangled"));
  const random = randomStream(1);
  const values: Value[] = [editor.input("x", tensorType("float", ["N", 8]))];
  for (let i = 0; i < nodes; i++) {
    const near = (): Value => values[Math.max(0, values.length - 1 - Math.floor(6 * random() ** 3))]!;
    const [a, b] = [values.at(-1)!, near()];
    values.push(
      random() < 0.35 ? editor.op.Add([a, b]) : random() < 0.5 ? editor.op.Relu([near()]) : editor.op.Sigmoid([a]),
    );
  }
  editor.output(values.at(-1)!);
  return editor.graph;
}

function dataOf(graph: Graph): ReportData {
  const random = randomStream(2);
  const facts = () => {
    const integer = random() < 0.8;
    const time = { float: 100 * random(), made: 50 * random() };
    return { layer: null, integer, reason: integer ? null : "made up", time };
  };
  return {
    model: graph.name,
    kind: "quantize",
    backend: "x86",
    metric: null,
    command: "npm run bench:report",
    versions: {},
    deployment: null,
    analysis: null,
    notes: [],
    advice: {},
    graph: reportGraph(graph, facts),
    training: null,
    search: null,
    interrupted: null,
  };
}

/** Waits until the graph is on the screen. */
async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(
    () => Number(document.querySelector<HTMLElement>("canvas.graph")?.dataset["frames"] ?? 0) > 0,
  );
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Drags the graph in circles for two seconds; frames per second, and the longest time between two. */
async function drag(page: Page): Promise<{ readonly perSecond: number; readonly longest: number }> {
  return page.evaluate(async () => {
    const canvas = document.querySelector<HTMLElement>("canvas.graph")!;
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = (turn: number) => ({
      clientX: left + width / 2 + 150 * Math.sin(turn),
      clientY: top + height / 2 + 150 * Math.cos(turn),
      bubbles: true,
    });
    canvas.dispatchEvent(new PointerEvent("pointerdown", at(0)));
    const [started, first] = [performance.now(), Number(canvas.dataset["frames"])];
    let [last, longest] = [started, 0];
    while (performance.now() - started < 2000) {
      window.dispatchEvent(new PointerEvent("pointermove", at((performance.now() - started) / 200)));
      await new Promise((resolve) => requestAnimationFrame(resolve));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    window.dispatchEvent(new PointerEvent("pointerup", at(0)));
    return { perSecond: (1000 * (Number(canvas.dataset["frames"]) - first)) / (last - started), longest };
  });
}

async function measure(browser: Browser, folder: string, graph: Graph): Promise<boolean> {
  const [layoutSeconds, data] = timed(() => dataOf(graph));
  const file = join(folder, `${graph.name}.html`);
  writeFileSync(file, reportHtml(data));
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const [seconds] = await timedAsync(async () => {
    await page.goto(pathToFileURL(file).href);
    await page.getByRole("tab", { name: "Graph" }).click();
    await drawn(page);
  });
  const { blocks } = data.graph;
  console.log(
    `${graph.name}: ${data.graph.nodes.length} nodes, ${blocks.length} blocks; ${layoutSeconds.toFixed(1)} s to lay out when written, ${(statSync(file).size / 1e6).toFixed(2)} MB`,
  );
  console.log(`  opened and drawn in ${seconds.toFixed(2)} s`);
  const rates: number[] = [];
  const pan = async (what: string): Promise<void> => {
    const { perSecond, longest } = await drag(page);
    rates.push(perSecond);
    console.log(`  dragged, ${what}: ${perSecond.toFixed(0)} frames/s, longest ${longest.toFixed(0)} ms`);
  };
  const press = (name: string): Promise<void> => page.getByRole("button", { name }).click();
  await pan("as it opens");
  await press("Whole graph");
  await pan("all of it on screen");
  if (blocks.length > 0) {
    const [opening] = await timedAsync(async () => {
      await press("Open all");
      await drawn(page);
    });
    console.log(`  all blocks opened in ${opening.toFixed(2)} s`);
    await pan("all blocks open");
    await press("Whole graph");
    await pan("all blocks open, all of it on screen");
  }
  await context.close();
  return seconds <= mostSeconds && rates.every((rate) => rate >= leastFrames);
}

const folder = mkdtempSync(join(tmpdir(), "lowbit-bench-report-"));
const browser = await startChromium();
try {
  const results = [await measure(browser, folder, staged()), await measure(browser, folder, tangled())];
  if (results.includes(false)) process.exitCode = 1;
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
