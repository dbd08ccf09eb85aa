import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReportData } from "./report-data.ts";
import { reportDataOf } from "./report-data.testing.ts";
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

describe.skipIf(!existsSync(executablePath))("the report in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "lowbit-report-"));
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: flags });
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
    const page = await context.newPage();
    const requests: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(pathToFileURL(file).href);
    return { page, requests, errors };
  }

  const tab = (page: Page, name: string): Promise<void> => page.getByRole("tab", { name }).click();

  test.each(["light", "dark"] as const)("shows every view with the numbers of the JSON (%s)", async (theme) => {
    const data = reportDataOf(["conv1", "conv2", "conv3"]);
    const { page, requests, errors } = await opened(data, theme);
    const text = (selector: string): Promise<string> => page.locator(selector).innerText();
    expect(await text("#panel-0")).toMatch(/91\.73 %\s+accuracy, float\s+87\.12 %\s+accuracy, quantized\s+24\.7 dB/);
    expect(await text("#panel-0")).toContain("Relu: kept in float on request");
    await tab(page, "Graph");
    expect(await page.locator(".node").count()).toBe(data.graph.nodes.length);
    expect(await page.locator(".edge").count()).toBe(data.graph.edges.length);
    await page.locator(".node", { hasText: "conv2" }).click();
    expect(await text("#panel-1")).toMatch(/alone\s+39\.0 dB\s+in the model\s+29\.0 dB/);
    await page.getByRole("combobox", { name: "colour by" }).selectOption("integer");
    expect(await page.locator(".node rect").first().getAttribute("fill")).toBe("#e69f00");
    await page.getByRole("searchbox").fill("conv3");
    expect(await page.locator(".node:not(.dim)").count()).toBe(1);
    await tab(page, "Layers");
    expect(await page.locator("tr[aria-selected=true]").innerText()).toContain("conv2");
    expect(await page.locator("tbody tr").first().innerText()).toContain("conv3");
    await page.getByRole("button", { name: "products" }).click();
    expect(await page.locator("tbody tr").first().innerText()).toMatch(/conv1\s+Conv\s+1,000\s+40\.0 dB\s+30\.0 dB/);
    await tab(page, "Values");
    expect(await text("#panel-3")).toMatch(/scale\s+0\.0125\s+zero point\s+7\s+SQNR of rounding\s+33\.2 dB/);
    expect(await text("#panel-3")).toMatch(/saturated\s+1\.23 %\s+unused codes\s+25\.00 %/);
    // Charts are drawn once the browser has laid the panel out.
    await page.locator("#panel-3 canvas").nth(1).waitFor();
    expect(await page.locator("#panel-3 canvas").count()).toBe(2);
    expect(errors).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  test("keeps hostile names text, and asks nobody for anything", async () => {
    const { page, requests, errors } = await opened(reportDataOf(names));
    for (const name of ["Graph", "Layers", "Values"]) await tab(page, name);
    for (const node of await page.locator(".node").all()) await node.dispatchEvent("click");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).toBe("lowbit report");
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
    expect(lines).toHaveLength(names.length + 2);
    expect(lines[0]).toMatch(/^"layer","op","products","alone"/);
    expect(lines[4]).toMatch(/^"'=1\+1","Conv",4000,37,27,38\.5,/);
  });

  test("goes by keyboard from tab to tab and to a node's facts", async () => {
    const { page } = await opened(reportDataOf(["conv1", "conv2"]));
    await page.getByRole("tab", { name: "Summary" }).focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.getByRole("tab", { name: "Graph" }).getAttribute("aria-selected")).toBe("true");
    await page.locator(".node").nth(2).focus();
    await page.keyboard.press("Enter");
    expect(await page.locator("#panel-1 dl").innerText()).toContain("39.0 dB");
  });
});
