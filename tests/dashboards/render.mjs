// node render.mjs DIST JOBS.json: renders each job {query, out} and writes out.png and out.json beside it. The report holds
// what each panel shows; console messages, missing files and requests to elsewhere are its own fields.
import fs from 'fs';
import http from 'http';
import os from 'os';
import path from 'path';
import { chromium } from 'playwright-core';

const PATIENCE = 300_000; // milliseconds that a busy machine may take for anything
const [dist, jobs] = process.argv.slice(2);
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};
let missing = [];
const server = http.createServer((request, response) => {
  const file = path.join(dist, decodeURIComponent(new URL(request.url, 'http://x').pathname).replace(/\/$/, '/index.html'));
  fs.readFile(file, (error, body) => {
    if (error) {
      missing.push(request.url);
    }
    response.writeHead(error ? 404 : 200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    response.end(body);
  });
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'preview-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  chromiumSandbox: false,
  timeout: PATIENCE,
  viewport: { width: 1600, height: 1000 },
  timezoneId: 'UTC',
  locale: 'en-US',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
});
browser.setDefaultTimeout(PATIENCE);

async function render({ query, out }) {
  const width = Number(new URLSearchParams(query).get('width') ?? 1600);
  const said = [];
  const offsite = [];
  missing = [];
  const page = await browser.newPage();
  await page.setViewportSize({ width, height: 1000 });
  page.on(
    'console',
    (one) => ['error', 'warning'].includes(one.type()) && said.push(`${one.type()}: ${one.text().slice(0, 300)}`),
  );
  page.on('pageerror', (error) => said.push(`pageerror: ${String(error).slice(0, 500)}`));
  await page.route('**/*', (route) => {
    const url = route.request().url();
    if (new URL(url).hostname === '127.0.0.1' || url.startsWith('data:')) {
      return route.continue();
    }
    offsite.push(url);
    return route.abort();
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/?${query}`);
  let report;
  try {
    await page.waitForFunction(() => window.__REPORT__);
    report = await page.evaluate(() => window.__REPORT__);
  } catch (error) {
    report = { fatal: String(error) };
  }
  if (report.height) {
    await page.setViewportSize({ width, height: Math.ceil(report.height) });
  }
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${out}.png` });
  fs.writeFileSync(`${out}.json`, JSON.stringify({ ...report, console: said, missing, offsite }, null, 1));
  await page.close();
}

try {
  for (const job of JSON.parse(fs.readFileSync(jobs, 'utf-8'))) {
    await render(job);
  }
} finally {
  await browser.close();
  server.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
