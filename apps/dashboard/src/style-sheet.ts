/** The page's own style; served as a file, because the page's policy allows no inline style. */
export const styleSheet = `:root {
  color-scheme: light dark;
  --ground: #fbfbfa;
  --panel: #ffffff;
  --line: #dddcd8;
  --text: #1d1d1b;
  --soft: #5c5b57;
  --good: #17693a;
  --busy: #1b5a9e;
  --wait: #7d5200;
  --bad: #a8201a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141517;
    --panel: #1d1f22;
    --line: #34373c;
    --text: #e8e8e6;
    --soft: #a3a5a9;
    --good: #6cd08f;
    --busy: #7fb8f5;
    --wait: #e6b65c;
    --bad: #ff8f87;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 1.5rem;
  background: var(--ground);
  color: var(--text);
  font: 15px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
header, section { margin-bottom: 1.25rem; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; }
.nest, .none, .age, footer { color: var(--soft); }
.nest, .none { margin: .25rem 0 0; }
.count { color: var(--soft); font-weight: normal; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; }
code, pre { font: .9em ui-monospace, monospace; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; }
td > code { white-space: nowrap; }
td, code { unicode-bidi: isolate; }
.capacity { white-space: nowrap; }
meter { width: 5rem; vertical-align: middle; }
.badge { border: 1px solid currentColor; border-radius: 999px; font-size: .8rem; padding: 0 .5rem; white-space: nowrap; }
.good { color: var(--good); }
.busy { color: var(--busy); }
.wait { color: var(--wait); }
.bad { color: var(--bad); }
.plain { color: var(--soft); }
.problems { border-left: 4px solid var(--bad); }
.problems ul { margin: 0; padding-left: 1.1rem; }
.note + .note { margin-top: .3rem; }
footer ul { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; padding: 0; }
`;
