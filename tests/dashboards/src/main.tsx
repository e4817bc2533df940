// Renders a classic dashboard with Grafana's own component libraries. It is not Grafana: what Grafana's server and
// panel plugins do is done here again, as far as our dashboards need it.
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides,
  createTheme,
  fieldMatchers,
  fieldReducers,
  getPanelOptionsWithDefaults,
  getValueFormats,
  LoadingState,
  setTimeZoneResolver,
  standardTransformersRegistry,
  ThemeContext,
  transformDataFrame,
  type DataFrame,
} from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { GlobalStyles, PanelChrome } from '@grafana/ui';
import { firstValueFrom } from 'rxjs';
import { illegible } from './legible';
import { initPlugins, PLUGINS, readout } from './panels';
import { interpolate, resolveVariables, runEvents, runTarget, toRange, type Ctx } from './prom';
import { initRegistries } from './registry';

(window as any).__grafana_public_path__ = '/public/';
const Q = new URLSearchParams(location.search);
const TZ = 'utc';
const WIDTH = Number(Q.get('width') ?? 1600),
  PHONE = WIDTH < 769, // below it Grafana puts each panel on a line of its own
  COLUMNS = 24,
  ROW = 30,
  GAP = 8,
  HEAD = 48;
const theme = createTheme({ colors: { mode: (Q.get('theme') as any) ?? 'dark' } });
const report: any = { panels: [], variables: [], events: [] };

// By the panels' ids.
function boxesOf(panels: any[]) {
  const column = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS;
  const boxes = new Map<number, any>();
  let line = 0;
  for (const panel of [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)) {
    const place = PHONE ? { x: 0, y: line, w: COLUMNS, h: panel.gridPos.h } : panel.gridPos;
    line += place.h;
    boxes.set(panel.id, {
      left: GAP + place.x * (column + GAP),
      top: place.y * (ROW + GAP),
      width: place.w * column + (place.w - 1) * GAP,
      height: place.h * ROW + (place.h - 1) * GAP,
    });
  }
  return boxes;
}

class Boundary extends React.Component<any, { error?: Error }> {
  state = {} as any;
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  componentDidCatch(error: Error) {
    this.props.onError(error);
  }
  render() {
    return this.state.error ? <div style={{ color: 'red' }}>{String(this.state.error)}</div> : this.props.children;
  }
}

const overridesOf = (panel: any): any[] => panel.fieldConfig?.overrides ?? [];

// What Grafana would pass over without a word.
function ignored(panel: any, plugin: any, options: any) {
  const units = new Set(getValueFormats().flatMap((group: any) => group.submenu.map((unit: any) => unit.value)));
  const changes = overridesOf(panel).flatMap((one: any) => one.properties);
  const asked = [
    panel.fieldConfig?.defaults?.unit,
    ...changes.filter((one: any) => one.id === 'unit').map((one: any) => one.value),
  ];
  const calcs = [...(options.reduceOptions?.calcs ?? []), ...(options.legend?.calcs ?? [])];
  const found = {
    units: asked.filter((unit) => unit && !units.has(unit) && !/^(suffix|prefix|time):/.test(unit)),
    properties: changes.map((one: any) => one.id).filter((id: string) => !plugin.fieldConfigRegistry?.getIfExists(id)),
    reducers: calcs.filter((id: string) => !fieldReducers.getIfExists(id)),
    transformations: (panel.transformations ?? [])
      .map((one: any) => one.id)
      .filter((id: string) => !standardTransformersRegistry.getIfExists(id)),
  };
  return Object.entries(found).flatMap(([what, names]) => names.map((name: string) => `unknown ${what}: ${name}`));
}

function idleOverrides(panel: any, frames: DataFrame[]) {
  return overridesOf(panel)
    .filter((one) => {
      const matcher = fieldMatchers.getIfExists(one.matcher.id);
      const matches = matcher?.get(one.matcher.options);
      return !matches || !frames.some((frame) => frame.fields.some((field) => matches(field, frame, frames)));
    })
    .map((one) => `idle override: ${one.matcher.id} ${one.matcher.options}`);
}

async function load() {
  setTimeZoneResolver(() => TZ);
  await initPluginTranslations('preview', []);
  initRegistries();
  initPlugins();
  const dashboard = await (await fetch(Q.get('dashboard')!)).json();
  const ctx: Ctx = {
    promUrl: Q.get('prom')!,
    range: toRange(Q.get('from') ?? dashboard.time.from, Q.get('to') ?? dashboard.time.to),
    vars: {},
    texts: {},
    scrape: Q.get('scrape') ?? '15s',
  };
  const chosen: Record<string, string> = {};
  Q.forEach((value, key) => key.startsWith('var-') && (chosen[key.slice(4)] = value));
  report.variables = await resolveVariables(dashboard, ctx, chosen);
  const events = await runEvents(dashboard, ctx);
  report.events = events.map((event) => ({ ...event, color: undefined }));
  const replace = (text: string) => interpolate(text ?? '', ctx, {}, false);

  const boxes = boxesOf(dashboard.panels);
  const items = await Promise.all(
    dashboard.panels.map(async (panel: any) => {
      const box = boxes.get(panel.id);
      const r: any = {
        id: panel.id,
        type: panel.type,
        title: replace(panel.title),
        state: 'ok',
        problems: [],
        queries: [],
        values: [],
      };
      report.panels.push(r);
      if (panel.type === 'row') {
        return { panel, box, r };
      }
      try {
        const plugin = PLUGINS[panel.type];
        if (!plugin) {
          throw new Error(`panel type ${panel.type} is not known here`);
        }
        const merged = getPanelOptionsWithDefaults({
          plugin,
          currentOptions: panel.options ?? {},
          currentFieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
          isAfterPluginChange: false,
        });
        r.problems = ignored(panel, plugin, merged.options);
        let frames: DataFrame[] = [];
        const severalTables = panel.targets.filter((target: any) => target.format === 'table').length > 1;
        for (const target of panel.targets) {
          const result = await runTarget(target, ctx, box.width, panel, severalTables);
          r.queries.push({ refId: target.refId, expr: result.expr, frames: result.frames.length });
          r.problems.push(...result.warnings);
          frames.push(...result.frames);
        }
        if (panel.transformations?.length) {
          frames = (await firstValueFrom(
            transformDataFrame(panel.transformations, frames, { interpolate: replace } as any) as any,
          )) as DataFrame[];
        }
        if (frames.length) {
          r.problems.push(...idleOverrides(panel, frames));
        }
        frames = applyFieldOverrides({
          data: frames,
          fieldConfig: merged.fieldConfig,
          fieldConfigRegistry: plugin.fieldConfigRegistry,
          replaceVariables: replace as any,
          theme,
          timeZone: TZ,
        });
        const props: any = {
          panel,
          options: merged.options,
          fieldConfig: merged.fieldConfig,
          frames,
          events,
          theme,
          timeZone: TZ,
          range: ctx.range,
          replace,
        };
        if (!frames.some((frame) => frame.length)) {
          r.state = 'no data';
          r.values = [{ text: panel.fieldConfig.defaults.noValue }];
        } else {
          r.values = readout(props);
        }
        return { panel, box, r, props, C: plugin.panel as any };
      } catch (error: any) {
        r.state = 'error';
        r.error = String(error.message ?? error);
        return { panel, box, r };
      }
    }),
  );
  const height = Math.max(...items.map((item: any) => item.box.top + item.box.height)) + GAP;
  report.height = height + HEAD + GAP;
  return { dashboard, ctx, items, height };
}

function Body({ item, width, height }: any) {
  if (item.r.state === 'no data') {
    return <div style={{ display: 'grid', placeItems: 'center', height, textAlign: 'center' }}>{item.r.values[0].text}</div>;
  }
  if (item.r.state === 'error') {
    return <div>{item.r.error}</div>;
  }
  const failed = (error: Error) => Object.assign(item.r, { state: 'error', error: `render: ${error.message}` });
  return <Boundary onError={failed}>{React.createElement(item.C, { ...item.props, width, height })}</Boundary>;
}

function App({ state }: { state: Awaited<ReturnType<typeof load>> }) {
  const { dashboard, ctx, items, height } = state;
  const chip = {
    background: theme.colors.background.secondary,
    padding: '3px 8px',
    borderRadius: 2,
    whiteSpace: 'nowrap' as const,
  };
  const shown = report.variables.filter((one: any) => one.name !== 'datasource');
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div
        style={{
          width: WIDTH,
          background: theme.colors.background.canvas,
          color: theme.colors.text.primary,
          minHeight: '100vh',
        }}
      >
        <div
          style={{
            height: HEAD,
            display: 'flex',
            alignItems: 'center',
            gap: 12,
            padding: '0 12px',
            whiteSpace: 'nowrap',
            overflow: 'hidden',
          }}
        >
          <strong style={{ fontSize: 18 }}>{dashboard.title}</strong>
          {shown.map((one: any) => (
            <span key={one.name} style={chip}>
              {one.label}: <b>{one.text}</b>
            </span>
          ))}
          <span style={{ marginLeft: 'auto' }}>
            {ctx.range.from.toISOString().slice(0, 10)} to {ctx.range.to.toISOString().slice(0, 10)}
          </span>
          {dashboard.links.map((one: any) => (
            <a key={one.title} style={{ color: theme.colors.text.link }}>
              {one.title}
            </a>
          ))}
        </div>
        <div style={{ position: 'relative', height }}>
          {items.map((item: any) => (
            <div key={item.panel.id} data-panel={item.panel.id} style={{ position: 'absolute', ...item.box }}>
              {item.panel.type === 'row' ? (
                <div style={{ fontSize: 16, fontWeight: 500, paddingTop: 4 }}>{item.r.title}</div>
              ) : (
                <PanelChrome
                  width={item.box.width}
                  height={item.box.height}
                  title={item.r.title}
                  description={item.panel.description}
                  padding={item.panel.type === 'table' ? 'none' : 'md'}
                  statusMessage={item.r.error}
                  loadingState={LoadingState.Done}
                >
                  {(w: number, h: number) => <Body item={item} width={w} height={h} />}
                </PanelChrome>
              )}
            </div>
          ))}
        </div>
      </div>
    </ThemeContext.Provider>
  );
}

load()
  .then((state) => {
    createRoot(document.getElementById('root')!).render(<App state={state} />);
    return new Promise((done) => setTimeout(done, 800));
  })
  .then(() => document.fonts.ready) // the widths of letters are theirs
  .then(() => {
    for (const panel of report.panels) {
      panel.illegible = illegible(document.querySelector(`[data-panel="${panel.id}"]`)!);
    }
  })
  .catch((error) => {
    report.fatal = String(error.stack ?? error);
  })
  .finally(() => {
    (window as any).__REPORT__ = report;
  });
