import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReportData } from "./report-data.ts";
import { reportDataOf, reportGraphOf, trainingReportOf } from "./report-data.testing.ts";
import { reportHtml } from "./report-html.ts";

const executablePath = "/usr/bin/chromium";
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

const hostile = '</script><img src="http://example.com/x" onerror="document.title=\'owned\'">';
const names = [hostile, "n".repeat(10_000), "שכבה ראשונה", "=1+1", "plain"];

/** Four residual parts, which become blocks. */
function blockReport(): ReportData {
  const ops = ["Conv", ...Array.from({ length: 16 }, () => ["Conv", "Relu", "Add"]).flat(), "Gemm"];
  const nodes = ops.map((op, i) => {
    const integer = i > 0 && op !== "Relu";
    return {
      name: `n${i}`,
      op,
      layer: null,
      integer,
      reason: integer ? null : `reason ${i}`,
      time: { float: null, made: i },
    };
  });
  const chain = ops.slice(1).map((_, i) => ({ from: i, to: i + 1, value: `v${i}` }));
  const skips = Array.from({ length: 16 }, (_, i) => ({ from: 3 * i, to: 3 * i + 3, value: `v${3 * i}` }));
  return { ...reportDataOf(["conv1"]), analysis: null, graph: reportGraphOf(nodes, [...chain, ...skips]) };
}

describe.skipIf(!existsSync(executablePath))("the report in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-report-"));
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags });
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  interface Opened {
    readonly page: Page;
    readonly requests: readonly string[];
    readonly errors: readonly string[];
  }

  async function opened(data: ReportData, colorScheme: "light" | "dark" = "light"): Promise<Opened> {
    const file = join(folder, "report.html");
    writeFileSync(file, reportHtml(data));
    const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 860 } });
    contexts.push(context);
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(pathToFileURL(file).href);
    return { page, requests, errors };
  }

  const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();
  const panel = (page: Page, name: string): Locator => page.getByRole("tabpanel", { name });
  const facts = (page: Page): Promise<string> => page.locator(".facts").innerText();
  const graph = (page: Page): Locator => page.locator("canvas.graph");

  /** Waits until the graph was painted, and gives the colour in its middle. */
  async function middle(page: Page): Promise<string> {
    await page.waitForFunction(
      () => Number(document.querySelector<HTMLElement>("canvas.graph")!.dataset["frames"]) > 0,
    );
    return page.evaluate(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const canvas = document.querySelector<HTMLCanvasElement>("canvas.graph")!;
      // A little beside the middle, where no text stands.
      const { data } = canvas.getContext("2d")!.getImageData(canvas.width / 2 - 70, canvas.height / 2 - 15, 1, 1);
      return `#${[...data.slice(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
    });
  }

  async function goTo(page: Page, name: string): Promise<void> {
    const search = page.getByRole("searchbox");
    await search.fill(name);
    await search.press("Enter");
    await search.fill("");
  }

  test.each(["light", "dark"] as const)("shows every view with the numbers of the JSON (%s)", async (theme) => {
    const { page, requests, errors } = await opened(reportDataOf(["conv1", "conv2", "conv3"]), theme);
    const summary = await panel(page, "Summary").innerText();
    expect(summary).toMatch(
      /87\.12 %\s+accuracy, quantized\s+91\.73 % before\s+314 kB\s+model file\s+3\.53 times smaller/,
    );
    expect(summary).toMatch(/351 µs\s+for one run, batch 1\s+1\.59 times faster\s+98\.91 %/);
    expect(summary).toMatch(/median of a run\s+558 µs\s+351 µs/);
    expect(summary).toContain(
      "batch 1, 2 threads, on a processor (2 cores). Accuracy: on 500 samples of test.npz. 12.34 %",
    );
    expect(summary).toMatch(/conv3\s+Conv\s+39\.5 dB\s+equalize: because of conv3\s+conv2/);
    expect(summary).toMatch(/without conv1\s+2\s+91\.00 % accuracy\s+12 µs\s+chosen\s+Ended: nothing is left to try\./);
    expect(summary).toContain("Relu: kept in float on request");
    await tab(page, "Graph");
    await goTo(page, "conv2");
    expect(await facts(page)).toMatch(/alone\s+39\.0 dB\s+in the model\s+29\.0 dB/);
    expect(await facts(page)).toMatch(/time\s+13\.5 µs\s+time in float\s+31\.0 µs/);
    // Choosing another colour changes what is painted: 29 dB, then integer, then float.
    const by = page.getByRole("combobox", { name: "colour by" });
    const colours: string[] = [];
    for (const colour of ["error", "integer", "time", "saturation"]) {
      await by.selectOption(colour);
      colours.push(await middle(page));
    }
    expect(colours).toEqual(["#21918c", "#0072b2", "#440154", "#21918c"]);
    await by.selectOption("integer");
    await goTo(page, "first");
    expect([await middle(page), await facts(page)]).toEqual([
      "#e69f00",
      expect.stringMatching(/runs as\s+float\s+because\s+kept in float on request/),
    ]);
    await goTo(page, "conv2");
    await tab(page, "Layers");
    expect(await page.locator("tr[aria-selected=true]").innerText()).toContain("conv2");
    expect(await panel(page, "Layers").locator("tbody tr").first().innerText()).toContain("conv3");
    await page.getByRole("button", { name: "products" }).click();
    const first = await panel(page, "Layers").locator("tbody tr").first().innerText();
    expect(first).toMatch(/conv1\s+Conv\s+integer\s+12\.5 µs\s+1,000\s+40\.0 dB\s+30\.0 dB/);
    await tab(page, "Values");
    const values = await panel(page, "Values").innerText();
    expect(values).toMatch(/scale\s+0\.0125\s+zero point\s+7\s+values\s+0 to 2\s+SQNR of rounding\s+33\.2 dB/);
    expect(values).toMatch(/saturated\s+1\.23 %\s+unused codes\s+25\.00 %/);
    // Charts are drawn once the browser has laid the panel out.
    await panel(page, "Values").locator("canvas").nth(1).waitFor();
    expect(await panel(page, "Values").locator("canvas").count()).toBe(2);
    expect(errors).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("shows the curves of a training, with its phases, and that it was stopped", async () => {
    const { page, requests, errors } = await opened(trainingReportOf(hostile));
    expect(await page.getByRole("alert").innerText()).toBe(`This training did not reach its end: ${hostile}`);
    await tab(page, "Training");
    const text = await panel(page, "Training").innerText();
    expect(text).toContain(`from epoch 2: observers frozen ${hostile}`);
    expect(text).toMatch(/1\s+100\s+0\.7500\s+90\.12 %\s+30\.00 %\s+4\.2/);
    expect(text).toMatch(/2\s+200\s+0\.2500\s+93\.45 %\s+5\.67 %\s+4\.0/);
    await panel(page, "Training").locator("canvas").nth(3).waitFor();
    const charts = await panel(page, "Training").getByRole("img").all();
    expect(await Promise.all(charts.map((chart) => chart.getAttribute("aria-label")))).toEqual([
      "loss over the steps",
      "accuracy after each epoch",
      "learning rate over the steps",
      "changed after each epoch",
    ]);
    for (const name of ["Graph", "Nodes"]) await tab(page, name);
    expect(errors).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("opens and closes blocks by keyboard and by click", async () => {
    const { page, errors } = await opened(blockReport());
    await tab(page, "Graph");
    expect(await facts(page)).toMatch(/blocks\s+16/);
    await goTo(page, "n1");
    await graph(page).focus();
    await page.keyboard.press("ArrowUp");
    expect(await facts(page)).toMatch(/op\s+Conv\s+runs as\s+float\s+because\s+reason 0/);
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
    expect(await facts(page)).toMatch(
      /part 2 of 16\s+Open block\s+nodes\s+3: 1 Conv, 1 Relu, 1 Add\s+alike\s+16 blocks/,
    );
    // 4, 5 and 6 µs.
    expect(await facts(page)).toMatch(/on integers\s+2 of 3\s+time\s+15\.0 µs/);
    await page.keyboard.press("Enter");
    expect(await facts(page)).toContain("Close block");
    await page.keyboard.press("ArrowDown");
    expect(await facts(page)).toMatch(/^n4/);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Close all" }).click();
    await goTo(page, "n20");
    await page.getByRole("button", { name: "Conv n19" }).click();
    expect(await facts(page)).toMatch(/^n19/);
    await page.getByRole("button", { name: "Open all" }).click();
    await page.getByRole("button", { name: "Whole graph" }).click();
    expect(errors).toEqual([]);
  });

  test("moves the graph by drag, wheel and keys, and takes a click for a choice", async () => {
    const { page } = await opened(reportDataOf(["conv1", "conv2", "conv3"]));
    await tab(page, "Graph");
    await goTo(page, "conv2");
    const before = await middle(page);
    const box = (await graph(page).boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 90, y, { steps: 4 });
    await page.mouse.up();
    expect(await middle(page)).not.toBe(before);
    await graph(page).focus();
    await page.keyboard.press("Escape");
    expect(await facts(page)).toContain("The graph");
    await page.mouse.click(x + 90, y);
    expect(await facts(page)).toMatch(/^conv2/);
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -300);
    await page.keyboard.press("0");
    expect(await middle(page)).toMatch(/^#/);
  });

  test("keeps hostile names text, and asks nobody for anything", async () => {
    const { page, requests, errors } = await opened(reportDataOf(names));
    for (const name of ["Graph", "Layers", "Values"]) await tab(page, name);
    await tab(page, "Graph");
    for (const name of [hostile, "nnnn", "שכבה", "=1+1"]) {
      await goTo(page, name);
      expect((await facts(page)).replaceAll("\n", "")).toContain(name);
    }
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe("lowbit report");
    await tab(page, "Layers");
    expect(await page.locator("tbody .name").allInnerTexts()).toContain(hostile);
    expect(errors).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("saves the table as CSV that holds no formula", async () => {
    const { page } = await opened(reportDataOf(names));
    await tab(page, "Layers");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    const lines = readFileSync(await download.path(), "utf8").split("\r\n");
    expect(lines).toHaveLength(names.length + 3);
    expect(lines[0]).toMatch(/^"layer","op","runs as","time","products","alone"/);
    expect(lines[1]).toMatch(/^"first","Relu","float",,,,/);
    expect(lines[5]).toMatch(/^"'=1\+1","Conv","integer",15\.5,4000,37,27,38\.5,/);
  });

  test("goes by keyboard from tab to tab", async () => {
    const { page } = await opened(reportDataOf(["conv1", "conv2"]));
    await page.getByRole("tab", { name: "Summary" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("tab", { name: "Graph" }).getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await page.getByRole("tab", { name: "Values" }).getAttribute("aria-selected")).toBe("true");
  });

  test("goes from a layer in the summary to its node in the graph", async () => {
    const { page } = await opened(reportDataOf(["conv1", "conv2"]));
    await page.getByRole("button", { name: "conv2" }).click();
    expect(await page.getByRole("tab", { name: "Graph" }).getAttribute("aria-selected")).toBe("true");
    expect(await facts(page)).toMatch(/^conv2/);
  });

  test("prints every view in the colours of paper, also from a dark screen", async () => {
    const { page, errors } = await opened(trainingReportOf("model"), "dark");
    const seen = await page.evaluate(() => {
      window.dispatchEvent(new Event("beforeprint"));
      const canvases = [...document.querySelectorAll("canvas")];
      const canvas = document.querySelector<HTMLCanvasElement>("canvas.graph")!;
      const { data } = canvas.getContext("2d")!.getImageData(2, 2, 1, 1);
      const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
      return { canvases: canvases.length, corner: [...data.slice(0, 3)], ink };
    });
    expect(seen).toEqual({ canvases: 5, corner: [255, 255, 255], ink: "#1c2430" });
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await page.emulateMedia({ media: "print" });
    for (const name of ["Summary", "Training", "Graph", "Nodes"]) {
      expect(await page.getByRole("tabpanel", { name }).isVisible()).toBe(true);
    }
    expect(await page.getByRole("tablist").isVisible()).toBe(false);
    // The sheets themselves: as many as views at least.
    const sheets = (await page.pdf({ format: "A4" })).toString("latin1").match(/\/Type\s*\/Page\b/g)!;
    expect(sheets.length).toBeGreaterThanOrEqual(4);
    expect(errors).toEqual([]);
  });
});
