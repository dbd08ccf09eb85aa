import { expect, test } from "vitest";
import { reportDataOf } from "./report-data.testing.ts";
import { reportHtml } from "./report-html.ts";

const hostile = '</script><img src="x" onerror="alert(1)">';

test("text of the model stays inside the JSON, which reads back as it was", () => {
  const data = reportDataOf([hostile, "<!--", "נתונים"]);
  const html = reportHtml(data);
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  expect(html).not.toContain("<img");
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
  expect(JSON.parse(json)).toEqual(data);
});

test("the page names nothing to load, and is small", () => {
  const html = reportHtml(reportDataOf(["a"]));
  expect(html).not.toMatch(/(src|href)="?https?:/);
  expect(html.length).toBeLessThan(300_000);
});

test("the same data gives the same page", () => {
  expect(reportHtml(reportDataOf(["a", "b"]))).toBe(reportHtml(reportDataOf(["a", "b"])));
});
