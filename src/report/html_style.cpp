#include "html_style.h"

namespace ollama_bench {

const std::string_view kPageStyle = R"(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f6f7f9; --ink: #1a1a1a; --text: #333333; --quiet: #5e5e5e;
  --line: #dfe2e7; --accent: #0b5cad; --good: #17693a; --good-back: #e3f4e9;
  --warn: #8a4b00; --warn-back: #fdf0dc; --bad: #9c1c10; --stripe: #fafbfc;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181d; --card: #1d2128; --ink: #f2f3f5; --text: #d5d8dd; --quiet: #a3a9b3;
    --line: #343a44; --accent: #62b0ff; --good: #7fd6a0; --good-back: #14301f;
    --warn: #f0bc74; --warn-back: #36270f; --bad: #f0a79c; --stripe: #191d23;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 3rem; max-width: 82rem;
  background: var(--paper); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, h4 { color: var(--ink); line-height: 1.25; text-wrap: balance; }
h1 { font-size: 1.75rem; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1.12rem; margin: 2rem 0 .6rem; }
h4 { font-size: .95rem; margin: 1.5rem 0 .4rem; }
p { margin: .45rem 0; max-width: 78ch; }
a { color: var(--accent); }
.quiet, .details, footer { color: var(--quiet); }
.details { font-size: .92rem; margin: 0 0 1.1rem; }
.warning { color: var(--warn); }
.badge {
  background: var(--bad); color: var(--paper); border-radius: .3rem; padding: .1rem .45rem;
  font-size: .78rem; letter-spacing: .03em; margin-right: .35rem;
}
article + article { border-top: 2px solid var(--line); margin-top: 4rem; padding-top: 1rem; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1.1rem clamp(1rem, 3vw, 1.6rem);
}
.card p { font-size: .95rem; }
.card .answer { font-size: 1.14rem; line-height: 1.5; color: var(--ink); margin-top: 0; }
.verdict {
  display: inline-block; border-radius: .35rem; padding: .02rem .5rem; letter-spacing: .02em;
  background: var(--line); color: var(--ink);
}
.verdict.good { background: var(--good-back); color: var(--good); }
.verdict.warning { background: var(--warn-back); color: var(--warn); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(10rem, 46%), 1fr)); gap: .6rem; margin: 1rem 0; }
.tiles div { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; }
.tiles dt { font-size: .8rem; text-wrap: balance; color: var(--quiet); }
.tiles dd { margin: 0; }
.tiles .value { font-size: 1.25rem; font-weight: 600; color: var(--ink); font-variant-numeric: tabular-nums; line-height: 1.35; }
.tiles .detail { font-size: .8rem; color: var(--quiet); font-variant-numeric: tabular-nums; }
.copy { position: relative; margin: .9rem 0 .3rem; }
pre {
  margin: 0; padding: .75rem 1rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .5rem; color: var(--ink); white-space: pre-wrap;
  font: .9rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.copy button { position: absolute; top: .45rem; right: .45rem; }
button {
  font: inherit; font-size: .8rem; color: var(--text); background: var(--card);
  border: 1px solid var(--line); border-radius: .35rem; padding: .15rem .6rem; cursor: pointer;
}
button:hover { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; max-width: 100%; }
figure { display: inline-block; vertical-align: top; margin: .8rem 2rem 1.4rem 0; }
figure svg { display: block; height: auto; width: clamp(var(--narrowest), 100%, var(--natural)); }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .34rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
.scroll td, .scroll th { overflow-wrap: normal; max-width: 60ch; }
thead th {
  color: var(--quiet); font-weight: 600; font-size: .82rem; vertical-align: bottom;
  border-bottom: 2px solid var(--line);
}
tbody tr:nth-child(even) { background: var(--stripe); }
tbody tr:hover { background: var(--card); }
.figure { text-align: right; white-space: nowrap; }
thead .figure { white-space: normal; }
th button { all: unset; cursor: pointer; font: inherit; color: inherit; }
th button:hover { color: var(--accent); }
th button:focus-visible { outline: 2px solid var(--accent); }
th[aria-sort] { color: var(--ink); }
th[aria-sort=ascending] button::after { content: " \25b2"; font-size: .7em; }
th[aria-sort=descending] button::after { content: " \25bc"; font-size: .7em; }
.facts { margin: .6rem 0; }
.facts th { width: 11rem; font-weight: 500; color: var(--quiet); white-space: nowrap; padding-left: 0; }
.facts td { overflow-wrap: anywhere; }
.points { padding-left: 1.2rem; margin: .5rem 0; }
.points li { margin: .4rem 0; max-width: 78ch; }
.contents { padding-left: 1.3rem; }
.contents li { margin: .7rem 0; }
.contents .answer { margin: .15rem 0; font-size: .95rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .8rem 0; padding: 0 1rem; }
summary { cursor: pointer; padding: .55rem 0; color: var(--ink); font-weight: 500; }
details[open] { padding-bottom: .8rem; }
details .scroll { max-height: 34rem; overflow-y: auto; }
details .scroll thead th { position: sticky; top: 0; background: var(--paper); }
footer { margin-top: 3.5rem; padding-top: .8rem; border-top: 1px solid var(--line); font-size: .85rem; }
@media (max-width: 40rem) {
  body { padding-top: 1.2rem; }
  h1 { font-size: 1.4rem; }
  .facts th { white-space: normal; width: 6.5rem; }
  th, td { padding: .32rem .55rem; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  .copy button { display: none; }
  .scroll, details .scroll { overflow: visible; max-height: none; }
  figure svg { width: 100%; max-width: var(--natural); }
  tr, figure, .card, .tiles div { break-inside: avoid; }
  h1, h2, h3, h4 { break-after: avoid; }
}
)";

const std::string_view kPageScript = R"(
'use strict';
function figureOf(text) {
  var number = parseFloat(text.replace(/,/g, ''));
  return isNaN(number) ? -Infinity : number;
}
document.querySelectorAll('table.sortable').forEach(function (table) {
  var body = table.tBodies[0];
  var headings = Array.from(table.tHead.rows[0].cells);
  headings.forEach(function (heading, column) {
    var button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent;
    heading.textContent = '';
    heading.appendChild(button);
    button.addEventListener('click', function () {
      var goesUp = heading.getAttribute('aria-sort') !== 'ascending';
      headings.forEach(function (other) { other.removeAttribute('aria-sort'); });
      heading.setAttribute('aria-sort', goesUp ? 'ascending' : 'descending');
      var isFigure = heading.classList.contains('figure');
      var rows = Array.from(body.rows);
      rows.sort(function (first, second) {
        var a = first.cells[column].textContent;
        var b = second.cells[column].textContent;
        var order = 0;
        if (isFigure) {
          order = Math.sign(figureOf(a) - figureOf(b)) || 0;
        } else {
          order = a.localeCompare(b);
        }
        return goesUp ? order : -order;
      });
      rows.forEach(function (row) { body.appendChild(row); });
    });
  });
});
document.querySelectorAll('.copy').forEach(function (block) {
  var button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', function () {
    var text = block.querySelector('pre').textContent;
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(function () { button.textContent = 'Copied'; });
    } else {
      getSelection().selectAllChildren(block.querySelector('pre'));
    }
  });
  block.appendChild(button);
});
addEventListener('beforeprint', function () {
  document.querySelectorAll('details').forEach(function (fold) { fold.open = true; });
});
)";

}  // namespace ollama_bench
