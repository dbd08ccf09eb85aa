import type { CompileError } from "@lowbit/ir";
import { expect, expectTypeOf, test } from "vitest";
import { definePass } from "./pass.ts";
import { parsePipeline, pipelineText, type PassRegistry } from "./pipeline-text.ts";

const run = (): { changed: number } => ({ changed: 0 });
const plain = definePass({ name: "plain", summary: "Does nothing.", run });
const tuned = definePass({
  name: "tuned",
  summary: "Has options.",
  options: {
    maxBytes: { kind: "integer", default: 64, minimum: 0, about: "Bytes." },
    mode: { kind: "choice", choices: ["fast", "exact"], default: "fast", about: "Mode." },
    verbose: { kind: "flag", default: false, about: "Talk." },
    label: { kind: "text", default: "", about: "A label." },
    ratio: { kind: "number", default: 0.5, about: "A ratio." },
  },
  run,
});
const registry: PassRegistry = { passes: [plain, tuned], pipelines: { both: [plain, tuned] } };

test("settings have the types of their options", () => {
  expectTypeOf(tuned.settings.mode).toEqualTypeOf<"fast" | "exact">();
  expectTypeOf(tuned.settings.maxBytes).toEqualTypeOf<number>();
  expect(tuned.with({ mode: "exact" }).settings.mode).toBe("exact");
  // @ts-expect-error "slow" is no choice
  tuned.with({ mode: "slow" });
});

test.each([
  ["plain", "plain"],
  [" plain , tuned ", "plain,tuned"],
  ["tuned{max-bytes=1024, mode = exact, verbose}", "tuned{max-bytes=1024,mode=exact,verbose=true}"],
  ['tuned{label="a, b",ratio=-1e3}', 'tuned{label="a, b",ratio=-1000}'],
  ["tuned{mode=fast}", "tuned"],
  ["both,plain{}", "plain,tuned,plain"],
  ["", ""],
])("%s is read as %s", (text, printed) => {
  expect(pipelineText(parsePipeline(text, registry))).toBe(printed);
});

/** Code, column, first line of the message and help of what a text is refused with. */
function complaint(text: string): string {
  try {
    parsePipeline(text, registry);
  } catch (error) {
    const { code, message, where, help } = (error as CompileError).diagnostic;
    return `${code} ${where?.column}: ${message.split("\n")[0]}${help === undefined ? "" : ` | ${help}`}`;
  }
  return "no complaint";
}

test.each([
  ["plain,tunned", 'unknown-pass 7: pipeline: there is no pass "tunned" | Did you mean "tuned"?'],
  ["plain,elsewhere", 'unknown-pass 7: pipeline: there is no pass "elsewhere" | Known: both, plain, tuned.'],
  [
    "tuned{max-byte=1}",
    'unknown-option 7: pipeline: pass "tuned" has no option "max-byte" | Did you mean "max-bytes"?',
  ],
  ["plain{x=1}", 'unknown-option 7: pipeline: pass "plain" has no option "x" | It has no options.'],
  ["both{x=1}", 'unknown-option 1: pipeline: pipeline "both" takes no options'],
  ["tuned{max-bytes=-1}", 'bad-option 16: pipeline: option "max-bytes" is "-1"; it must be an integer of at least 0'],
  ["tuned{mode}", 'bad-option 11: pipeline: option "mode" has no value; it must be one of fast, exact'],
  ["tuned{mode=exact", 'syntax 17: pipeline: expected "," or "}"'],
  ["plain plain", 'syntax 7: pipeline: expected "," or the end'],
  ["plain,,plain", "syntax 7: pipeline: expected the name of a pass"],
])("%s is refused", (text, expected) => {
  expect(complaint(text)).toBe(`pipeline/${expected}`);
});

test("a complaint shows the place in the text", () => {
  expect(() => parsePipeline("plain plain", registry)).toThrow('expected "," or the end\nplain plain\n      ^');
});
