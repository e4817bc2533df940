// The part of Grafana's Prometheus data source that its Go backend does: step, alignment, macros, frames.
import {
  rangeUtil,
  FieldType,
  renderLegendFormat,
  dateTime,
  type DataFrame,
  type TimeRange,
  type Labels,
} from '@grafana/data';

export interface Ctx {
  promUrl: string;
  range: TimeRange;
  vars: Record<string, string | string[]>;
  texts: Record<string, string>;
  scrape: string;
}
export interface Event {
  name: string;
  title: string;
  time: number;
  color: string;
}
const esc = (s: string) => s.replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&');

export function interpolate(text: string, ctx: Ctx, extra: Record<string, string> = {}, forQuery = true): string {
  return text.replace(/\$\{(\w+)(?::(\w+))?\}|\$(\w+)|\[\[(\w+)\]\]/g, (m, a, fmt, b, c) => {
    const name = a ?? b ?? c;
    if (name in extra) return extra[name];
    if (!(name in ctx.vars)) return m;
    if (fmt === 'text') return ctx.texts[name];
    const v = ctx.vars[name];
    if (Array.isArray(v)) return !forQuery ? v.join(' + ') : v.length === 1 ? esc(v[0]) : `(${v.map(esc).join('|')})`;
    return v;
  });
}

export function macros(ctx: Ctx, maxDataPoints: number, targetInterval?: string, panelInterval?: string) {
  const min = targetInterval || panelInterval || ctx.scrape;
  const minMs = rangeUtil.intervalToMs(min),
    scrapeMs = rangeUtil.intervalToMs(ctx.scrape);
  const { intervalMs } = rangeUtil.calculateInterval(ctx.range, maxDataPoints, min);
  const rangeMs = ctx.range.to.valueOf() - ctx.range.from.valueOf();
  const stepMs = Math.max(intervalMs, minMs, Math.ceil(rangeMs / 11000 / 1000) * 1000);
  const rateMs = Math.max(stepMs + scrapeMs, 4 * scrapeMs);
  const s = (ms: number) => (rangeUtil.secondsToHms ? `${Math.round(ms / 1000)}s` : `${ms}ms`);
  return {
    stepMs,
    extra: {
      __interval: s(stepMs),
      __interval_ms: String(stepMs),
      __rate_interval: s(rateMs),
      __rate_interval_ms: String(rateMs),
      __range: s(rangeMs),
      __range_s: String(Math.round(rangeMs / 1000)),
      __range_ms: String(rangeMs),
      __from: String(ctx.range.from.valueOf()),
      __to: String(ctx.range.to.valueOf()),
    } as Record<string, string>,
  };
}

export async function api(ctx: Ctx, path: string, params: Record<string, string>) {
  const r = await fetch(`${ctx.promUrl}/api/v1/${path}?` + new URLSearchParams(params));
  const j = await r.json();
  if (j.status !== 'success') throw new Error(`${path}: ${j.errorType}: ${j.error}`);
  return j;
}
const metricName = (m: Labels) => {
  const { __name__: n = '', ...rest } = m;
  const l = Object.entries(rest)
    .map(([k, v]) => `${k}="${v}"`)
    .join(', ');
  return l ? `${n}{${l}}` : n || 'Value';
};

export async function runTarget(
  t: any,
  ctx: Ctx,
  width: number,
  panel: any,
  multiTable: boolean,
): Promise<{ frames: DataFrame[]; expr: string; warnings: string[] }> {
  const mdp = panel.maxDataPoints ?? Math.max(100, Math.floor(width));
  const { stepMs, extra } = macros(ctx, mdp, t.interval && interpolate(t.interval, ctx), panel.interval);
  const expr = interpolate(t.expr, ctx, extra);
  const left = expr.match(/\$\{?[A-Za-z_]\w*/g);
  if (left) throw new Error(`not interpolated: ${left.join(' ')}`);
  const step = stepMs / 1000;
  const instant = t.instant === true && t.range !== true;
  const end = Math.floor(ctx.range.to.valueOf() / 1000 / step) * step,
    start = Math.floor(ctx.range.from.valueOf() / 1000 / step) * step;
  const j = instant
    ? await api(ctx, 'query', { query: expr, time: String(ctx.range.to.valueOf() / 1000) })
    : await api(ctx, 'query_range', { query: expr, start: String(start), end: String(end), step: String(step) });
  const d = j.data;
  let frames: DataFrame[] = [];
  const meta = { executedQueryString: `Expr: ${expr}\nStep: ${step}s`, custom: { resultType: d.resultType } } as any;
  if (d.resultType === 'scalar') d.result = [{ metric: {}, value: d.result }];
  if (t.format === 'table') {
    const keys = [...new Set<string>(d.result.flatMap((r: any) => Object.keys(r.metric)))].sort();
    const rows: any[] = d.result.flatMap((r: any) =>
      (r.values ?? [r.value]).map((v: any) => [v[0] * 1000, ...keys.map((k) => r.metric[k] ?? ''), Number(v[1])]),
    );
    const col = (i: number) => rows.map((r) => r[i]);
    frames = [
      {
        refId: t.refId,
        meta,
        length: rows.length,
        fields: [
          { name: 'Time', type: FieldType.time, config: {}, values: col(0) },
          ...keys.map((k, i) => ({ name: k, type: FieldType.string, config: { filterable: true }, values: col(i + 1) })),
          {
            name: multiTable ? `Value #${t.refId}` : 'Value',
            type: FieldType.number,
            config: {},
            values: col(keys.length + 1),
          },
        ],
      },
    ];
    if (!rows.length) frames = [];
  } else {
    frames = d.result.map((r: any) => {
      let pts: Array<[number, number | null]> = (r.values ?? [r.value]).map((v: any) => [v[0] * 1000, Number(v[1])]);
      const { __name__, ...labels } = r.metric;
      const auto = !t.legendFormat || t.legendFormat === '__auto';
      const ds = auto
        ? Object.keys(labels).length === 0 || d.result.length === 1
          ? metricName(r.metric)
          : undefined
        : renderLegendFormat(interpolate(t.legendFormat, ctx, extra, false), r.metric);
      return {
        refId: t.refId,
        meta,
        length: pts.length,
        name: ds,
        fields: [
          { name: 'Time', type: FieldType.time, config: { interval: stepMs }, values: pts.map((p) => p[0]) },
          {
            name: 'Value',
            type: FieldType.number,
            labels: r.metric,
            config: ds ? { displayNameFromDS: ds } : {},
            values: pts.map((p) => p[1]),
          },
        ],
      } as DataFrame;
    });
  }
  return { frames, expr, warnings: j.warnings ?? [] };
}

export async function resolveVariables(dash: any, ctx: Ctx, overrides: Record<string, string>) {
  const report: any[] = [];
  for (const v of dash.templating?.list ?? []) {
    let options: string[] = [];
    if (v.type === 'datasource') options = ['prometheus'];
    else if (v.type === 'query') {
      const q = interpolate(typeof v.query === 'string' ? v.query : (v.query?.query ?? v.definition ?? ''), ctx);
      const m = q.match(/^label_values\((?:(.+),\s*)?(\w+)\)$/s);
      if (m)
        options = (
          await api(ctx, `label/${m[2]}/values`, {
            ...(m[1] ? { 'match[]': m[1] } : {}),
            start: String(ctx.range.from.unix()),
            end: String(ctx.range.to.unix()),
          })
        ).data;
      else throw new Error(`variable ${v.name}: query not supported here: ${q}`);
      if (v.regex) {
        const re = new RegExp(v.regex.replace(/^\/|\/$/g, ''));
        options = options
          .map((o) => o.match(re))
          .filter(Boolean)
          .map((x: any) => x[1] ?? x[0]);
      }
    } else if (v.type === 'custom') {
      options = v.options.map((o: any) => o.value);
    } else throw new Error(`variable ${v.name}: type ${v.type} is not known here`);
    const cur = v.current?.value;
    const all = v.includeAll && (cur === undefined || [].concat(cur)[0] === '$__all');
    const value =
      overrides[v.name] ?? (all ? (v.allValue ?? options) : cur && options.includes(cur) ? cur : (options[0] ?? ''));
    ctx.vars[v.name] = value;
    ctx.texts[v.name] =
      all && !overrides[v.name] ? 'All' : (v.options?.find((o: any) => o.value === value)?.text ?? String(value));
    report.push({ name: v.name, label: v.label, type: v.type, options, value, text: ctx.texts[v.name] });
  }
  return report;
}
// As PrometheusAnnotationSupport: the value is the time, and what is a step apart or less is one event.
export async function runEvents(dash: any, ctx: Ctx): Promise<Event[]> {
  const events = new Map<string, Event>();
  for (const a of dash.annotations?.list ?? []) {
    const res = await runTarget({ ...a.target, legendFormat: a.titleFormat, range: true }, ctx, 1600, {}, false);
    for (const f of res.frames)
      for (const time of new Set<number>(f.fields[1].values as any)) {
        if (!a.useValueForTime) throw new Error(`${a.name}: an event whose value is no time is not known here`);
        if (time >= ctx.range.from.valueOf() && time <= ctx.range.to.valueOf())
          events.set(`${f.name} ${time}`, { name: a.name, title: f.name!, time, color: a.iconColor });
      }
  }
  return [...events.values()];
}
export const toRange = (from: string, to: string): TimeRange => {
  const p = (s: string) => {
    const m = s.match(/^now(?:-(\d+)([smhdwMy]))?$/);
    if (!m) return dateTime(Number(s));
    return m[1] ? dateTime().subtract(Number(m[1]), m[2] as any) : dateTime();
  };
  return { from: p(from), to: p(to), raw: { from, to } };
};
