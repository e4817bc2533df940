// node look.mjs JOB.json: opens pages in Chromium and writes what it saw to job.out as JSON.
// job: {base, pages: [path], widths: [pixels], out, pictures: a folder or null, pdf: a path to print}
// A view is {path, width, scheme, status, said, blocked, offsite, violations, overflow, reached, links, ids, text, html}:
// said is what the console and the page complain of, blocked what its Content-Security-Policy forbade, reached the
// links that the Tab key comes to.
import fs from 'fs';
import { createRequire } from 'module';
import os from 'os';
import path from 'path';
import { chromium } from 'playwright-core';

const PATIENCE = 300_000; // milliseconds that a busy machine may take for anything
const job = JSON.parse(fs.readFileSync(process.argv[2], 'utf-8'));
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf-8');
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-test-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  chromiumSandbox: false,
  timeout: PATIENCE,
  timezoneId: 'UTC',
  locale: 'en-US',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
});
browser.setDefaultTimeout(PATIENCE);

async function open(url, said, offsite) {
  const page = await browser.newPage();
  page.on('console', (one) => ['error', 'warning'].includes(one.type()) && said.push(one.text().slice(0, 300)));
  page.on('pageerror', (error) => said.push(String(error).slice(0, 300)));
  page.on('request', (one) => {
    if (!one.url().startsWith(job.base) && !one.url().startsWith('data:')) {
      offsite.push(one.url());
    }
  });
  await page.addInitScript(() => {
    window.__blocked = [];
    document.addEventListener('securitypolicyviolation', (event) =>
      window.__blocked.push(`${event.violatedDirective}: ${event.blockedURI || event.sample}`),
    );
  });
  const response = await page.goto(url, { waitUntil: 'load' });
  return { page, status: response.status() };
}

// What the Tab key comes to, until it leaves the document or goes round.
async function reached(page, most) {
  const found = [];
  for (let i = 0; i < most; ++i) {
    await page.keyboard.press('Tab');
    const href = await page.evaluate(() => document.activeElement?.getAttribute('href') ?? null);
    if (href === null) {
      break;
    }
    found.push(href);
  }
  return found;
}

async function look(where, width, scheme) {
  const said = [];
  const offsite = [];
  const { page, status } = await open(job.base + where, said, offsite);
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const view = await page.evaluate(() => ({
    blocked: window.__blocked,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    links: [...document.querySelectorAll('a')].map((one) => one.getAttribute('href')),
    ids: [...document.querySelectorAll('[id]')].map((one) => one.id),
    text: document.body.innerText,
    html: document.documentElement.outerHTML,
  }));
  if (job.pictures) {
    const name = where.replace(/\W/g, '') || 'status';
    await page.screenshot({ path: path.join(job.pictures, `${name}-${width}-${scheme}.png`), fullPage: true });
  }
  const keys = width === job.widths[0] && scheme === 'light' ? await reached(page, 40) : [];
  await page.close();
  return {
    path: where, width, scheme, status, said, offsite, reached: keys, ...view,
    violations: violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`),
  };
}

try {
  const views = [];
  for (const where of job.pages) {
    for (const width of job.widths) {
      for (const scheme of ['light', 'dark']) {
        views.push(await look(where, width, scheme));
      }
    }
  }
  const result = { views };
  if (job.pdf) {
    const { page } = await open(job.base + job.pdf, [], []);
    const pdf = await page.pdf({ format: 'A4', margin: { top: '12mm', bottom: '12mm', left: '12mm', right: '12mm' } });
    result.pdf_pages = (pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g) ?? []).length;
    if (job.pictures) {
      fs.writeFileSync(path.join(job.pictures, 'report.pdf'), pdf);
    }
  }
  fs.writeFileSync(job.out, JSON.stringify(result));
} finally {
  await browser.close();
  fs.rmSync(profile, { recursive: true, force: true });
}
