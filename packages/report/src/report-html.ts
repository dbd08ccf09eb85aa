import { readFileSync } from "node:fs";
import type { ReportData } from "./report-data.ts";
import { style } from "./style.ts";

/** The report as one HTML page that loads nothing. Text of the model can only become text: the data is JSON without any `<`. */
export function reportHtml(data: ReportData): string {
  const script = readFileSync(new URL("../dist/client.js", import.meta.url), "utf8");
  const json = JSON.stringify(data).replaceAll("<", String.raw`\u003c`);
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">`,
    "<title>lowbit report</title>",
    `<style>${style}</style>`,
    '<main id="report"></main>',
    `<script type="application/json" id="data">${json}</script>`,
    `<script>${script.replaceAll("</script", String.raw`<\/script`)}</script>`,
    "</html>",
    "",
  ].join("\n");
}
