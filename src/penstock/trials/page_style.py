"""The comparison page's only style sheet: quiet, light, readable at any width and on paper."""

from __future__ import annotations

from typing import Final

from penstock.trials.page_figures import FONT

STYLE: Final = f"""
:root {{ --ink: #1f2933; --quiet: #52606d; --line: #dde3e9; --wash: #f6f8fa; --paper: #fff; }}
* {{ box-sizing: border-box; }}
html {{ -webkit-text-size-adjust: 100%; }}
body {{ margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 {FONT}; }}
main, footer {{ max-width: 1240px; margin: 0 auto; padding: 0 28px; }}
main {{ padding-top: 36px; }}
h1 {{ font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }}
h2 {{ font-size: 1.35rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }}
h3 {{ font-size: 1rem; margin: 2rem 0 .5rem; }}
p {{ margin: .4rem 0; max-width: 76ch; }}
a {{ color: inherit; text-underline-offset: 3px; }}
section {{ border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 2rem; }}
.quiet, figcaption, .caption, footer {{ color: var(--quiet); font-size: .9rem; }}
.facts {{ color: var(--quiet); margin-bottom: 1rem; }}
code {{ font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }}
aside {{ background: #fffaf0; border: 1px solid #f0e0bd; border-left: 4px solid #c99a2e;
  border-radius: 4px; padding: .7rem 1rem .8rem; margin: 1rem 0; }}
aside strong {{ display: block; }}
aside ul {{ margin: .3rem 0 0; padding-left: 1.2rem; max-width: 90ch; }}
.findings {{ list-style: none; margin: .5rem 0 0; padding: 0; }}
.findings li {{ padding: .45rem 0; border-bottom: 1px solid var(--line); }}
.findings b.policy {{ white-space: nowrap; }}
.scroll {{ overflow-x: auto; margin: 1rem 0 .5rem; }}
table {{ border-collapse: separate; border-spacing: 0; width: 100%; font-size: .875rem;
  line-height: 1.4; font-variant-numeric: tabular-nums; }}
.caption {{ max-width: 110ch; }}
th, td {{ padding: .5rem .55rem; text-align: right; vertical-align: top;
  border-bottom: 1px solid var(--line); }}
thead th {{ font-weight: 600; vertical-align: bottom; color: var(--quiet); line-height: 1.25;
  border-bottom: 2px solid var(--line); }}
thead th small {{ display: block; font-weight: 400; }}
th[scope=row], thead th:first-child {{ text-align: left; position: sticky; left: 0;
  background: var(--paper); white-space: nowrap; }}
td {{ white-space: nowrap; }}
td small {{ display: block; color: var(--quiet); }}
tr.baseline > * {{ background: var(--wash); }}
.swatch {{ display: inline-block; width: .7em; height: .7em; border-radius: 50%;
  margin-right: .45em; }}
.word {{ font-weight: 600; }}
.word.cheaper {{ color: #1b6e3c; }}
.word.dearer {{ color: #a32018; }}
.word.none, .unknown {{ color: var(--quiet); font-weight: 400; }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; align-items: start; }}
.narrow {{ max-width: 720px; }}
figure {{ margin: 0; min-width: 0; }}
figcaption {{ padding: 0 0 .5rem; max-width: 76ch; }}
.pair h4, .narrow h4 {{ font-size: .9rem; font-weight: 600; margin: .5rem 0 0; }}
.empty {{ display: flex; align-items: center; justify-content: center; min-height: 140px;
  padding: 1rem; margin: .5rem 0; background: var(--wash); border-radius: 4px;
  color: var(--quiet); font-size: .9rem; text-align: center; }}
details {{ margin-top: 1rem; }}
summary {{ cursor: pointer; color: var(--quiet); font-size: .9rem; }}
footer {{ border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 1.2rem;
  padding-bottom: 3rem; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .5rem 0; }}
dt {{ color: var(--quiet); }}
dd {{ margin: 0; overflow-wrap: anywhere; }}
@media (max-width: 820px) {{
  main, footer {{ padding-left: 16px; padding-right: 16px; }}
  main {{ padding-top: 22px; }}
  .pair {{ grid-template-columns: 1fr; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }}
  dd {{ margin-bottom: .5rem; }}
}}
@media print {{ section, figure, table {{ break-inside: avoid; }} details {{ display: none; }} }}
"""
