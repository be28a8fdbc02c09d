// Renders a job summary's Markdown to a page that looks like the runner's, and to a PNG where Chromium is installed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { marked } from 'marked';

const STYLE = `body{font:16px/1.5 -apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;color:#1f2328;max-width:960px;margin:24px}
table{border-collapse:collapse;margin:0 0 16px;display:block;overflow:auto}th,td{border:1px solid #d1d9e0;padding:6px 13px}tr:nth-child(2n){background:#f6f8fa}
code,pre{font:85%/1.45 ui-monospace,"Liberation Mono",monospace;background:#818b981f;border-radius:6px}code{padding:.2em .4em}pre{padding:16px;overflow:auto}pre code{padding:0;background:none}
h1,h2{border-bottom:1px solid #d1d9e0b3;padding-bottom:.3em}details{margin:0 0 16px}blockquote{border-left:.25em solid #d1d9e0;padding:0 1em;color:#59636e;margin:0}`;

/** Writes DIR/NAME.html, with every fold opened in DIR/NAME-open.html, and PNGs of both where Chromium is installed. */
export function renderSummary(markdown, dir, name) {
  mkdirSync(dir, { recursive: true });
  const body = marked.parse(markdown, { gfm: true, async: false });
  const page = (content) =>
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><style>${STYLE}</style>${content}</html>\n`;
  const folded = path.join(dir, `${name}.html`);
  const open = path.join(dir, `${name}-open.html`);
  writeFileSync(folded, page(body));
  writeFileSync(open, page(body.replaceAll('<details>', '<details open>')));
  return [folded, open].flatMap((file) => [file, ...screenshot(file)]);
}

function screenshot(page) {
  const image = page.replace(/\.html$/, '.png');
  const profile = mkdtempSync(path.join(tmpdir(), 'setup-goproxy-chromium-'));
  const quiet = [
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  const args = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--hide-scrollbars',
    ...quiet,
  ];
  try {
    execFileSync(
      'chromium',
      [...args, `--user-data-dir=${profile}`, '--window-size=1040,1400', `--screenshot=${image}`, page],
      {
        stdio: 'ignore',
        timeout: 60_000,
      },
    );
    return [image];
  } catch {
    return []; // A picture is a convenience: the page tells the same.
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}
