/** The style sheet of the report. The switches for width, theme and kinds need no script. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#f5f6f8, #101317); --panel: light-dark(#fff, #171b20); --sunk: light-dark(#f0f2f5, #1e2329);
  --line: light-dark(#dde1e7, #2b323a); --strong: light-dark(#7d8793, #737f8c); --text: light-dark(#1a1f26, #e7eaee);
  --muted: light-dark(#56606c, #9ba6b2); --accent: light-dark(#2f55c8, #93b2ff);
  --good: light-dark(#0f6135, #83d9a7); --good-soft: light-dark(#e1f4e8, #16301f);
  --bad: light-dark(#a2201a, #ff9d95); --bad-soft: light-dark(#fde9e7, #3b1917);
  --wait: light-dark(#774800, #f0c36c); --wait-soft: light-dark(#fcf0d6, #35280f);
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
:root:has(#theme-light:checked) { color-scheme: light; }
:root:has(#theme-dark:checked) { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }
header, main { max-width: 1280px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { margin: 4px 0 12px; font-size: 28px; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
h2 { margin: 0; font-size: 18px; }
h3 { margin: 0 0 6px; color: var(--muted); font-size: 13px; font-weight: 600; }
p { margin: 0 0 8px; }
ul { margin: 0; padding: 0; list-style: none; }
code { font: 13px/1.5 var(--mono); }
a { color: var(--accent); }
.muted { color: var(--muted); }
.small { font-size: 13px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 20px 0; }
.tiles > div { padding: 12px 16px; border: 1px solid var(--line); border-radius: 10px; background: var(--panel); }
.tiles dt { color: var(--muted); font-size: 13px; }
.tiles dd { margin: 0; font-size: 22px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; color: var(--muted); font-size: 13px; font-weight: 400; }
.lost-count { color: var(--bad); } .gained-count { color: var(--good); } .changed-count { color: var(--wait); }
.notice { margin: 0 0 12px; padding: 10px 14px; border-left: 4px solid var(--bad); border-radius: 6px; background: var(--bad-soft); }
.scroll { overflow-x: auto; margin-bottom: 20px; border: 1px solid var(--line); border-radius: 10px; background: var(--panel); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 14px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 150px; }
th { color: var(--muted); font-size: 13px; font-weight: 600; overflow-wrap: normal; }
tr:last-child td { border-bottom: 0; }
.bar { position: sticky; top: 0; z-index: 1; border-block: 1px solid var(--line); background: var(--panel); }
.bar > div { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; max-width: 1280px; margin: 0 auto; padding: 8px 24px; }
fieldset { display: flex; flex-wrap: wrap; gap: 2px 12px; margin: 0; padding: 0; border: 0; min-width: 0; }
legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
fieldset label { display: inline-flex; gap: 6px; align-items: center; min-height: 28px; cursor: pointer; }
input[type="radio"], input[type="checkbox"] { width: 16px; height: 16px; margin: 0; accent-color: var(--accent); }
input[type="search"] { flex: 1 1 220px; min-width: 0; min-height: 34px; padding: 4px 10px; border: 1px solid var(--strong); border-radius: 8px; background: var(--back); color: var(--text); font: inherit; }
[hidden] { display: none !important; }
main { padding-block: 20px 64px; }
main > section { margin-bottom: 20px; padding: 18px 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); scroll-margin-top: 64px; }
.title > * { min-width: 0; }
.title { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; margin-bottom: 12px; }
.badge { padding: 1px 9px; border-radius: 99px; background: var(--sunk); color: var(--muted); font-size: 13px; font-weight: 600; }
.lost .badge.kind, .badge.bad { background: var(--bad-soft); color: var(--bad); }
.gained .badge.kind, .badge.good { background: var(--good-soft); color: var(--good); }
.changed .badge.kind, .badge.wait { background: var(--wait-soft); color: var(--wait); }
.list > li { padding: 5px 0; }
.mark { display: inline-block; width: 1.1em; font-family: var(--mono); font-weight: 700; }
.mark.added { color: var(--good); } .mark.removed { color: var(--bad); } .mark.changed, .mark.moved { color: var(--wait); }
.list > li + li { border-top: 1px solid var(--line); }
.group { margin-bottom: 16px; }
details.item { margin-top: 10px; border: 1px solid var(--line); border-radius: 10px; }
details.item > summary { padding: 10px 14px; cursor: pointer; }
details.item > summary strong { margin: 0 4px; }
details.item > div { padding: 4px 14px 14px; border-top: 1px solid var(--line); }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0 0; }
dl.facts dt { color: var(--muted); }
dl.facts dd { margin: 0; min-width: 0; }
article { margin-top: 16px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin: 8px 0 12px; }
.sides.one { grid-template-columns: minmax(0, 640px); }
figure { margin: 0; min-width: 0; }
figcaption { margin-bottom: 6px; font-size: 13px; }
figcaption b { display: block; color: var(--muted); font-weight: 600; }
.frame { height: 480px; border: 1px solid var(--line); border-radius: 8px; background: #fff; overflow: auto; resize: vertical; }
.frame iframe { display: block; width: max(133.34%, 740px); height: 133.34%; border: 0; transform: scale(0.75); transform-origin: 0 0; }
.frame.plain { height: 140px; background: none; }
.frame.plain iframe { width: 100%; height: 100%; transform: none; }
:root:has(#width-phone:checked) .frame { width: min(390px, 100%); margin-inline: auto; border-radius: 20px; }
:root:has(#width-phone:checked) .frame iframe { width: 100%; height: 100%; transform: none; }
dl.text { margin: 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; background: var(--sunk); }
dl.text dt { color: var(--muted); font-size: 13px; }
dl.text dd { margin: 0 0 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
dl.text dd:last-child { margin-bottom: 0; }
:root:has(#width-phone:checked) dl.text { max-width: 390px; margin-inline: auto; }
pre { margin: 0 0 10px; padding: 8px 0; border: 1px solid var(--line); border-radius: 8px; font: 13px/1.55 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
pre > * { display: block; min-height: 1.55em; padding: 0 12px 0 28px; text-indent: -16px; text-decoration: none; }
pre ins { background: var(--good-soft); color: var(--good); } pre del { background: var(--bad-soft); color: var(--bad); }
:root:has(#show-lost:not(:checked)) .item.lost, :root:has(#show-gained:not(:checked)) .item.gained, :root:has(#show-changed:not(:checked)) .item.changed { display: none; }
@media (max-width: 700px) {
  header, main { padding-inline: 14px; } .bar > div { padding-inline: 14px; }
  .bar { position: static; } h1 { font-size: 23px; }
  main > section { padding: 14px; } .sides, .sides.one { grid-template-columns: minmax(0, 1fr); }
  dl.facts { grid-template-columns: 1fr; } dl.facts dd { margin-bottom: 6px; }
  table { font-size: 14px; } th, td { padding: 6px; } th:first-child, td:first-child { min-width: 96px; padding-left: 12px; }
  th:last-child, td:last-child { min-width: 84px; padding-right: 12px; white-space: normal; }
}
@media print { .bar { display: none; } }
`;

/** Filters the list by a text, and selects the width of a phone on one. */
export const PAGE_SCRIPT = `
const search = document.getElementById("search");
const status = document.getElementById("status");
const sections = [...document.querySelectorAll("main > section")];
const texts = new Map();
const textOf = (element) => {
  if (!texts.has(element)) texts.set(element, element.textContent.toLowerCase());
  return texts.get(element);
};
search.hidden = false;
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  let shown = 0;
  for (const section of sections) {
    const items = [...section.querySelectorAll(".item")];
    const isNamed = textOf(section.querySelector(".title")).includes(wanted);
    for (const item of items) item.hidden = !isNamed && !textOf(item).includes(wanted);
    section.hidden = !textOf(section).includes(wanted);
    if (!section.hidden) shown++;
  }
  status.textContent = wanted === "" ? "" : shown === 0 ? "No section contains this text." : shown + " of " + sections.length + " sections";
});
if (innerWidth < 700) document.getElementById("width-phone").checked = true;
`;
