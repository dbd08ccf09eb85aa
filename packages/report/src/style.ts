/** Colours of the light theme, which are those of paper too. */
const light = `--back: #f5f6f8; --card: #ffffff; --ink: #1c2430; --soft: #525d6b; --line: #d5dbe3; --edge: #7b8694;
  --accent: #0072b2; --bar: #0072b2; --grid-mark: #b34700; --integer: #0072b2; --warn: #fff1d6;`;

/** Colours of the dark theme. */
const dark = `--back: #10141a; --card: #1a2029; --ink: #e6eaf0; --soft: #a4afbd; --line: #353f4d; --edge: #76828f;
  --accent: #56b4e9; --bar: #56b4e9; --grid-mark: #f0a43c; --integer: #0072b2; --warn: #46360f;`;

/** How the report looks: dark and light as the reader's system has it, black on white on paper. */
export const style = `
:root { color-scheme: light dark; ${light} }
@media (prefers-color-scheme: dark) { :root:not(.paper) { ${dark} } }
@media print { :root, :root:not(.paper) { color-scheme: light; ${light} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1400px; margin: 0 auto; padding: 18px 24px 48px; }
h1 { font-size: 22px; margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
h2 { font-size: 16px; margin: 0 0 10px; overflow-wrap: anywhere; }
p { margin: 2px 0 10px; } .soft { color: var(--soft); } .small { font-size: 13px; margin: 6px 0; } ul, ol { margin: 0; padding-left: 22px; overflow-wrap: anywhere; }
.print-only { display: none; }
.tabs { display: flex; flex-wrap: wrap; gap: 4px; margin: 12px 0 16px; border-bottom: 1px solid var(--line); }
.tabs button { border: 0; background: none; color: var(--soft); padding: 8px 14px; font: inherit; cursor: pointer; border-bottom: 3px solid transparent; }
.tabs button:hover { color: var(--ink); }
.tabs button[aria-selected=true] { color: var(--ink); border-color: var(--accent); font-weight: 600; }
:is(button, select, input, tr, canvas):focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin-bottom: 16px; min-width: 0; }
.warning { background: var(--warn); font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px; margin-bottom: 16px; }
.figures .card { margin: 0; } .figures b { display: block; font-size: 25px; font-weight: 600; line-height: 1.3; } .figures small { display: block; font-size: 13px; }
.tools { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 12px; } .tools h2 { margin: 0 auto 0 0; }
.tools select { max-width: 480px; }
:is(.tools, .zoom, .facts p) :is(input, select, button) { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; }
:is(.tools, .zoom, .facts p) button { cursor: pointer; } :is(.tools, .zoom, .facts p) button:hover { border-color: var(--accent); }
.link { display: inline-block; max-width: 100%; border: 0; background: none; padding: 0; margin-right: 8px; font: inherit; color: var(--accent); cursor: pointer; text-align: left; overflow-wrap: anywhere; unicode-bidi: isolate; } .link:hover { text-decoration: underline; }
.scroll { overflow: auto; max-height: 72vh; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } .narrow { width: auto; min-width: 50%; }
th, td { text-align: left; padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
.dense { font-size: 13.5px; } .dense :is(th, td) { padding: 5px 6px; } .dense .name { max-width: 235px; } .dense td:not(:first-child):last-child .name { min-width: 100px; white-space: normal; overflow-wrap: anywhere; }
.dense :is(td, th):first-child { position: sticky; left: 0; background: var(--card); } .dense th:first-child { z-index: 2; }
.dense tr[aria-selected=true] td:first-child { background: color-mix(in srgb, var(--accent) 20%, var(--card)); }
.nowrap { white-space: nowrap; } .chosen { font-weight: 600; }
td { max-width: 330px; unicode-bidi: isolate; } td.wide { max-width: none; }
thead th { position: sticky; top: 0; background: var(--card); font-weight: 600; vertical-align: bottom; z-index: 1; } tbody th { font-weight: 400; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 3px solid var(--accent); }
th[aria-sort=ascending] button::after { content: " \\25B2"; font-size: 11px; } th[aria-sort=descending] button::after { content: " \\25BC"; font-size: 11px; }
.number { text-align: right; } td.number { white-space: nowrap; }
.card:not(.plain) tbody tr { cursor: pointer; } .card:not(.plain) tbody tr:hover { background: color-mix(in srgb, var(--accent) 10%, transparent); }
tr[aria-selected=true] { background: color-mix(in srgb, var(--accent) 20%, transparent) !important; }
.name { display: block; max-width: 320px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
h2 .name { max-width: 100%; white-space: normal; overflow-wrap: anywhere; }
.bar { display: inline-block; height: 11px; border-radius: 2px; background: var(--bar); min-width: 1px; vertical-align: middle; margin-right: 8px; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) 340px; gap: 16px; align-items: start; } .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 0 16px; }
@media (max-width: 900px) { .split, .pair { grid-template-columns: minmax(0, 1fr); } main { padding: 12px; } }
.stage { position: relative; min-width: 0; } .facts { max-height: 76vh; overflow: auto; }
canvas.graph { width: 100%; height: 68vh; border: 1px solid var(--line); border-radius: 8px; background: var(--card); touch-action: none; cursor: grab; display: block; }
canvas.graph:active { cursor: grabbing; }
.zoom { position: absolute; top: 12px; right: 12px; display: flex; flex-direction: column; gap: 6px; } .zoom button { width: 34px; font-size: 18px; line-height: 1.2; padding: 2px; }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 6px; font-size: 13px; margin-top: 8px; } .legend b { font-weight: 600; margin-right: 8px; }
.legend i { width: 22px; height: 13px; border-radius: 3px; border: 1px solid var(--edge); } .legend i + i { margin-left: -5px; } .legend .none { margin-left: 14px; background: var(--card); } .legend span + i:not(.none) { margin-left: 2px; }
dl { display: grid; grid-template-columns: minmax(80px, auto) minmax(0, 1fr); gap: 4px 14px; margin: 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.plot { min-height: 200px; width: 100%; }
@page { margin: 13mm; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 12px; background: #fff; } main { padding: 0; max-width: none; }
  .tabs, .tools :is(input, button, select, label), .zoom, .stage > .small { display: none; } .print-only { display: block; font-size: 18px; margin: 0 0 10px; }
  [role=tabpanel][hidden] { display: block !important; } [role=tabpanel] + [role=tabpanel] { break-before: page; }
  .scroll, .facts { max-height: none; overflow: visible; } .split, .pair { display: block; }
  .card { break-inside: avoid; } .card:has(table) { break-inside: auto; } tr { break-inside: avoid; }
  thead th, .dense :is(td, th):first-child { position: static; } table { font-size: 10px; } th, td { padding: 3px 5px; } .name { white-space: normal; overflow-wrap: anywhere; max-width: 150px; }
  canvas.graph { width: auto; max-width: 100%; height: auto; max-height: 235mm; margin: 0 auto; border: 0; } .figures { grid-template-columns: repeat(4, 1fr); } .figures b { font-size: 18px; }
}
`;
