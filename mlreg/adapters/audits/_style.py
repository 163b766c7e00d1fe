"""Owns how the page of a report looks: in the light and in the dark, on a desk, on a phone and on paper."""

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#14181f;--soft:#5b6472;--rule:#e3e6eb;--track:#eef0f4;
--a:#3b5bdb;--b:#748ffc;--on-a:#fff;--on-b:#0b1437;--other-a:#868e96;--other-b:#adb5bd;--yes:#2b8a3e;--yes-bg:#e6f6ea;
--no:#c92a2a;--no-bg:#fdeaea;--warn:#b35900;--warn-bg:#fff3e0;--mute-bg:#eef0f4}
@media(prefers-color-scheme:dark){:root{--page:#0f1218;--card:#171b23;--ink:#e8ebf0;--soft:#98a2b3;--rule:#272d38;
--track:#222834;--a:#5c7cfa;--b:#91a7ff;--on-a:#fff;--on-b:#0b1437;--other-a:#6b7482;--other-b:#4b5463;--yes:#69db7c;
--yes-bg:#14301c;--no:#ff8787;--no-bg:#3a1a1c;--warn:#ffb454;--warn-bg:#38270f;--mute-bg:#222834}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1060px;margin:0 auto;padding:40px 24px 72px}
header{margin-bottom:28px}
.eyebrow{margin:0;color:var(--soft);font-size:13px;letter-spacing:.06em;text-transform:uppercase}
h1{margin:4px 0 6px;font-size:clamp(26px,5vw,38px);line-height:1.15;letter-spacing:-.02em;overflow-wrap:anywhere}
h2{margin:0 0 4px;font-size:19px;letter-spacing:-.01em}
h3{margin:0;font-size:14px;font-weight:600;overflow-wrap:anywhere}
.period,.about{margin:0;color:var(--soft)}
.about{margin-bottom:16px;font-size:14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:0 0 28px}
.tile,section{background:var(--card);border:1px solid var(--rule);border-radius:12px}
.tile{padding:14px 16px;min-width:0}
.tile dt{color:var(--soft);font-size:13px}
.tile dd{margin:2px 0 0;font-size:24px;font-weight:650;letter-spacing:-.02em;overflow-wrap:anywhere;
font-variant-numeric:tabular-nums}
.tile small{display:block;color:var(--soft);font-size:13px;font-weight:400;letter-spacing:0}
section{margin:0 0 20px;padding:22px 24px}
svg{display:block;width:100%;overflow:visible}
svg text{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .lane{font-size:13px;font-weight:600;fill:var(--ink)}
svg .grid{stroke:var(--rule);stroke-width:1}
svg .track{fill:var(--track)}
svg .top.a{fill:var(--a)}svg .top.b{fill:var(--b)}svg .other.a{fill:var(--other-a)}svg .other.b{fill:var(--other-b)}
svg .bar{stroke:var(--card);stroke-width:1.5}
svg .bar.forced{stroke:var(--warn);stroke-width:3}
svg .name{font-size:13px;font-weight:600;fill:var(--on-b)}
svg .top.a~.name{fill:var(--on-a)}
svg.chart .odd{display:none}
svg .level{stroke:var(--rule);stroke-dasharray:2 4}
svg .serving{stroke:var(--a);stroke-width:3;stroke-linecap:round}
svg .step{stroke:var(--a);stroke-width:1.5;opacity:.5}
svg .point{fill:var(--card);stroke:var(--other-a);stroke-width:2}
svg .point.served{fill:var(--a);stroke:var(--card)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;padding:0;list-style:none;
color:var(--soft);font-size:13px}
.legend i{display:inline-block;width:12px;height:12px;margin-right:6px;border-radius:4px;vertical-align:-1px;
background:var(--a)}
.legend .dot{border-radius:50%}
.legend .hollow{background:var(--card);border:2px solid var(--other-a)}
.legend .ring{background:none;border:3px solid var(--warn)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:28px 32px}
.charts article{min-width:0}
.figure{display:flex;align-items:baseline;gap:8px;margin:0 0 10px;font-size:24px;font-weight:650;letter-spacing:-.02em;
font-variant-numeric:tabular-nums}
.figure small{font-size:13px;font-weight:500;letter-spacing:0;color:var(--soft)}
.figure .better{color:var(--yes)}.figure .worse{color:var(--no)}
table{width:100%;border-collapse:collapse;font-size:14px}
th,td{padding:8px 14px 8px 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--rule);overflow-wrap:break-word}
tr>:last-child{padding-right:0}
tbody tr:last-child td{border-bottom:0}
th{color:var(--soft);font-size:12.5px;font-weight:600;white-space:nowrap}
td{font-variant-numeric:tabular-nums}
td.when,td.num{white-space:nowrap}
td.code{font:12.5px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;word-break:break-all;
min-width:9em}
td.strong{font-weight:600;overflow-wrap:anywhere;min-width:5em}
td.words{overflow-wrap:anywhere;min-width:9em}
td.who{overflow-wrap:anywhere;min-width:9em}
.wide-table{overflow-x:auto}
.chip{display:inline-block;padding:0 9px;border-radius:99px;font-size:13px;font-weight:600;line-height:1.7;
white-space:nowrap;background:var(--mute-bg);color:var(--soft)}
.chip.yes{background:var(--yes-bg);color:var(--yes)}.chip.no{background:var(--no-bg);color:var(--no)}
.chip.warn{background:var(--warn-bg);color:var(--warn)}
.chip+span{display:block;margin-top:2px;color:var(--soft);font-size:13px}
.empty{margin:0;color:var(--soft)}
footer{color:var(--soft);font-size:13px}
footer dl{display:grid;grid-template-columns:auto 1fr;gap:2px 16px;margin:0}
footer dd{margin:0;overflow-wrap:anywhere}
@media(max-width:700px){main{padding:24px 14px 48px}section{padding:18px 16px}svg .wide,svg .odd{display:none}
.tiles{grid-template-columns:1fr 1fr}
table,tbody,tr,td{display:block}thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
tbody tr{padding:10px 0;border-bottom:1px solid var(--rule)}tbody tr:last-child{border-bottom:0;padding-bottom:0}
td,tr>:last-child{display:grid;grid-template-columns:7.5em 1fr;gap:10px;padding:2px 0;border:0;min-width:0}
td.when,td.num{white-space:normal}td.code,td.strong,td.words,td.who{min-width:0}td>div{overflow-wrap:anywhere}
td::before{content:attr(data-label);color:var(--soft);font:13px/1.65 system-ui,sans-serif;word-break:normal}
td:empty{display:none}td>div{min-width:0}}
@media print{:root{color-scheme:light}body{background:#fff}main{padding:0;max-width:none}
section,.tile{break-inside:avoid;border-color:#ccc}}
"""
