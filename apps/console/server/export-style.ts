/** The look of an exported run: readable on a screen, in the dark, and on paper. */
export const exportStyle = `
:root{--text:#171a1f;--muted:#555e6b;--line:#e2e5ea;--bg:#fff;--found:#13704b;--miss:#8a5000;--lost:#b92525;--error:#6233b8;--fresh:#2456d6;--none:#555e6b}
@media screen and (prefers-color-scheme:dark){:root{--text:#e9edf2;--muted:#a6b0be;--line:#272d36;--bg:#171b21;--found:#4cc38a;--miss:#f0b357;--lost:#ff8a82;--error:#bf9ff8;--fresh:#8fb1ff;--none:#a6b0be}}
body{margin:0;background:var(--bg);color:var(--text);font:14px/1.45 Inter,system-ui,-apple-system,"Segoe UI","Noto Sans KR","Noto Sans CJK KR",sans-serif}
main{max-width:1200px;margin:0 auto;padding:24px 16px}h1{font-size:22px;margin:0}h2{font-size:16px;margin:22px 0 6px}.lanes p{margin:6px 0}.lanes h2+p{min-height:2.9em}
.quiet,small{color:var(--muted)}.lanes{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 28px}.big{font-size:30px;font-weight:650;margin:8px 0}.big small{font-size:13px;font-weight:400}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;padding:3px 8px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600}thead th{font-weight:500;color:var(--muted)}
.nodes{font-size:12px;font-variant-numeric:tabular-nums}.nodes :is(th,td){white-space:nowrap}.nodes :is(th,td):nth-child(n+3){text-align:right;padding:3px 0 3px 6px}p.lost{color:var(--lost);font-weight:600;margin:4px 0}
.figures td{border:0;font-weight:650}.figures small{display:block;font-weight:400}
td.found{color:var(--found)}td.miss{color:var(--miss)}td.lost{color:var(--lost)}td.unreadable{color:var(--miss)}td.error{color:var(--error)}td.fresh{color:var(--fresh)}
svg{width:100%;height:32px;margin:8px 0}rect.found{fill:var(--found)}rect.miss{fill:var(--miss)}rect.lost{fill:var(--lost)}rect.unreadable{fill:var(--miss)}rect.error{fill:var(--error)}
.log{margin-top:6px}.log td{white-space:nowrap}.log .why{white-space:normal;color:var(--muted);min-width:220px}.notice td{font-weight:600;white-space:normal}
section{min-width:0;overflow-x:auto}:lang(ko){word-break:keep-all;overflow-wrap:anywhere}
@media(max-width:700px){.log thead{display:none}.log tr{display:flex;flex-wrap:wrap;gap:0 10px;padding:4px 0;border-bottom:1px solid var(--line)}.log td{border:0;padding:0}.log td:empty{display:none}.log .why{flex-basis:100%}}
@media print{body{background:#fff;color:#000}section,tr{break-inside:avoid}}
`
