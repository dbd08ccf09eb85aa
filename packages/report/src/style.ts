/** How the report looks: dark and light as the reader's system has it, black on white on paper. */
export const style = `
:root { color-scheme: light dark; --back: #fbfbfc; --card: #fff; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --accent: #0072b2; --integer: #0072b2; --float: #e69f00; --edge: #98a2b0; }
@media (prefers-color-scheme: dark) { :root { --back: #12161c; --card: #1a2029; --ink: #e6eaf0; --soft: #9aa6b5; --line: #313a47; --accent: #56b4e9; --edge: #5d6878; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 20px 24px 60px; }
h1 { font-size: 22px; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 10px; overflow-wrap: anywhere; }
p { margin: 4px 0 12px; } .soft { color: var(--soft); }
.tabs { display: flex; gap: 4px; margin: 18px 0 16px; border-bottom: 1px solid var(--line); }
.tabs button { border: 0; background: none; color: var(--soft); padding: 8px 14px; font: inherit; cursor: pointer; border-bottom: 3px solid transparent; }
.tabs button[aria-selected=true] { color: var(--ink); border-color: var(--accent); }
button:focus-visible, select:focus-visible, input:focus-visible, tr:focus-visible, g:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px; margin-bottom: 16px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 14px; margin-bottom: 16px; }
.figures .card { margin: 0; } .figures b { display: block; font-size: 25px; font-weight: 600; line-height: 1.3; }
.tools { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 12px; }
.tools input, .tools select, .tools button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; }
.tools button { cursor: pointer; }
.scroll { overflow: auto; max-height: 70vh; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
td { max-width: 320px; overflow: hidden; text-overflow: ellipsis; unicode-bidi: isolate; }
td:last-child { min-width: 300px; } th { position: sticky; top: 0; background: var(--card); font-weight: 600; white-space: nowrap; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 3px solid var(--accent); }
.number { text-align: right; white-space: nowrap; } tbody tr { cursor: pointer; } tbody tr:hover { background: color-mix(in srgb, var(--accent) 10%, transparent); }
tr[aria-selected=true] { background: color-mix(in srgb, var(--accent) 18%, transparent); }
.name { display: block; max-width: 320px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; }
.bar { display: inline-block; height: 11px; border-radius: 2px; background: var(--accent); min-width: 1px; vertical-align: middle; margin-right: 8px; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) 330px; gap: 16px; } @media (max-width: 900px) { .split { grid-template-columns: 1fr; } }
svg.graph { width: 100%; height: 66vh; border: 1px solid var(--line); border-radius: 8px; background: var(--card); touch-action: none; cursor: grab; display: block; }
.node { cursor: pointer; } .node rect { stroke: var(--line); } .node[aria-pressed=true] rect { stroke: var(--ink); stroke-width: 3; }
.node.dim { opacity: .22; } .edge { fill: none; stroke: var(--edge); stroke-width: 1.2; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 4px 14px; margin: 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
.key { display: inline-flex; align-items: center; gap: 6px; margin-right: 14px; } .key i { width: 13px; height: 13px; border-radius: 3px; display: inline-block; }
@media print { :root { --back: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #bbb; } .tabs, .tools { display: none; } [role=tabpanel][hidden] { display: block !important; } .scroll { max-height: none; overflow: visible; } }
`;
