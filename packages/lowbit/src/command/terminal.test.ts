import { afterEach, expect, test, vi } from "vitest";
import { bytesText, countText, durationText, millisecondsText, percentText, plural } from "./format/quantities.ts";
import { facts, table } from "./format/table.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a terminal of 20 columns gets to see. */
function shown(options: TerminalOptions, act: (terminal: Terminal) => void, isTerminal = true): string {
  let text = "";
  vi.spyOn(process.stderr, "write").mockImplementation((part) => {
    text += String(part);
    return true;
  });
  vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    text += `out:${String(part)}`;
    return true;
  });
  const before = [process.stderr.isTTY, process.stderr.columns] as const;
  Object.assign(process.stderr, { isTTY: isTerminal, columns: 20 });
  act(new Terminal(options));
  Object.assign(process.stderr, { isTTY: before[0], columns: before[1] });
  return text.replaceAll("\u001b[2K", "<clear>").replaceAll("\r", "<return>");
}

function work(terminal: Terminal): void {
  terminal.progress("step 1 of a long way to go");
  terminal.progress("too soon");
  terminal.note("epoch 1");
  terminal.result({ value: 1 }, () => "value 1");
  terminal.close();
}

test("a terminal sees a live line that gives way to what stays", () => {
  expect(shown({}, work)).toBe("<return><clear>step 1 of a long wa<return><clear>epoch 1\nout:value 1\n");
});

test("without a terminal there is no live line", () => {
  expect(shown({}, work, false)).toBe("epoch 1\nout:value 1\n");
});

test("a quiet command says its result only", () => {
  expect(shown({ quiet: true, json: true }, work)).toBe('out:{"value":1}\n');
});

test("quantities read as people write them", () => {
  expect([bytesText(0), bytesText(999), bytesText(1234), bytesText(5_600_000), bytesText(3.21e9)]).toEqual([
    "0 B",
    "999 B",
    "1.23 kB",
    "5.60 MB",
    "3.21 GB",
  ]);
  expect([countText(7), countText(1234), countText(1234567)]).toEqual(["7", "1 234", "1 234 567"]);
  expect([percentText(0.98765), percentText(1, 0)]).toEqual(["98.8 %", "100 %"]);
  expect([millisecondsText(0.012345), millisecondsText(123.456)]).toEqual(["0.0123 ms", "123 ms"]);
  expect([durationText(0.74), durationText(41.6), durationText(187), durationText(3723)]).toEqual([
    "0.7 s",
    "42 s",
    "3:07",
    "1:02:03",
  ]);
  expect([plural(1, "node"), plural(1200, "node")]).toEqual(["1 node", "1 200 nodes"]);
});

test("tables line up", () => {
  expect(
    `${table(
      [{ title: "op" }, { title: "n", align: "right" }],
      [
        ["Conv", "20"],
        ["Gemm", "1"],
      ],
    )}\n\n${facts([
      ["file", "a.onnx"],
      ["opset", "21"],
    ])}`,
  ).toMatchInlineSnapshot(`
    "op     n
    Conv  20
    Gemm   1

    file   a.onnx
    opset  21"
  `);
});
