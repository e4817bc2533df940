// node build.mjs DIST: bundles src/ with Grafana's component libraries into DIST.
import { build } from 'esbuild';
import fs from 'fs';

const dist = process.argv[2];
const modules = new URL('node_modules/', import.meta.url).pathname;
await build({
  entryPoints: [new URL('src/main.tsx', import.meta.url).pathname],
  bundle: true,
  format: 'esm',
  splitting: true,
  outdir: dist,
  platform: 'browser',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  logLevel: 'error',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.THEME_MODE': '"dark"', global: 'window' },
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
});
fs.cpSync(`${modules}@grafana/ui/dist/public`, `${dist}/public/build`, { recursive: true });
fs.mkdirSync(`${dist}/public/fonts/inter`, { recursive: true });
for (const [weight, name] of [
  [400, 'Regular'],
  [500, 'Medium'],
]) {
  fs.copyFileSync(
    `${modules}@fontsource/inter/files/inter-latin-${weight}-normal.woff2`,
    `${dist}/public/fonts/inter/Inter-${name}.woff2`,
  );
}
fs.writeFileSync(
  `${dist}/index.html`,
  '<!doctype html><meta charset="utf-8"><title>preview</title><link rel="stylesheet" href="main.css">' +
    '<style>body{margin:0}</style><div id="root"></div><script type="module" src="main.js"></script>',
);
