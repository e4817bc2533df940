import * as React from 'react';
import {
  PanelPlugin,
  getFieldDisplayValues,
  getDisplayValueAlignmentFactors,
  formattedValueToString,
  FieldColorModeId,
  FieldType,
  VizOrientation,
  getFieldDisplayName,
  identityOverrideProcessor,
  type FieldDisplay,
  type DataFrame,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import {
  BigValue,
  BarGauge,
  TimeSeries,
  VizRepeater,
  Table,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  BigValueJustifyMode,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { type Event } from './prom';

export interface P {
  panel: any;
  options: any;
  fieldConfig: any;
  frames: DataFrame[];
  events: Event[];
  width: number;
  height: number;
  theme: GrafanaTheme2;
  timeZone: string;
  range: TimeRange;
  replace: (s: string) => string;
}

const displays = (p: P, sparkline = false) =>
  getFieldDisplayValues({
    fieldConfig: p.fieldConfig,
    reduceOptions: p.options.reduceOptions,
    replaceVariables: p.replace as any,
    theme: p.theme,
    data: p.frames,
    sparkline,
    timeZone: p.timeZone,
    percentChange: p.options.showPercentChange,
  });
const orient = (o?: string) =>
  o === 'horizontal' ? VizOrientation.Horizontal : o === 'vertical' ? VizOrientation.Vertical : VizOrientation.Auto;

function Repeat({
  p,
  values,
  min = 8,
  each,
}: {
  p: P;
  values: FieldDisplay[];
  min?: number;
  each: (v: any) => React.JSX.Element;
}) {
  return (
    <VizRepeater
      source={p.frames}
      getValues={() => values}
      renderValue={each}
      width={p.width}
      height={p.height}
      itemSpacing={min}
      renderCounter={0}
      getAlignmentFactors={getDisplayValueAlignmentFactors as any}
      orientation={orient(p.options.orientation)}
      autoGrid={p.panel.type === 'stat'}
      minVizWidth={p.options.minVizWidth}
      minVizHeight={p.options.minVizHeight}
      maxVizHeight={p.options.maxVizHeight}
    />
  );
}
function Stat(p: P) {
  const values = displays(p, p.options.graphMode !== 'none');
  return (
    <Repeat
      p={p}
      values={values}
      each={({ value, width, height, alignmentFactors, count }) => {
        let sp = value.sparkline;
        return (
          <BigValue
            value={value.display}
            count={count}
            sparkline={sp && { ...sp, timeRange: p.range }}
            colorMode={p.options.colorMode as BigValueColorMode}
            graphMode={p.options.graphMode as BigValueGraphMode}
            justifyMode={p.options.justifyMode as BigValueJustifyMode}
            textMode={p.options.textMode as BigValueTextMode}
            alignmentFactors={alignmentFactors}
            text={p.options.text}
            width={width}
            height={height}
            theme={p.theme}
            disableWideLayout={!p.options.wideLayout}
          />
        );
      }}
    />
  );
}
function Bars(p: P) {
  const values = displays(p);
  return (
    <Repeat
      p={p}
      values={values}
      min={10}
      each={({ value, width, height, alignmentFactors, orientation, count }) => (
        <BarGauge
          value={value.display}
          width={width}
          height={height}
          orientation={orientation}
          field={value.field}
          text={p.options.text}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0) as any}
          theme={p.theme}
          itemSpacing={10}
          lcdCellWidth={8}
          displayMode={p.options.displayMode}
          alignmentFactors={count > 1 ? alignmentFactors : undefined}
          showUnfilled={p.options.showUnfilled}
          valueDisplayMode={p.options.valueMode}
          namePlacement={p.options.namePlacement}
          isOverflow={false}
        />
      )}
    />
  );
}
// Not finite is no value, as in Grafana's own panel: one NaN would take the scale away.
const finite = (field: any) =>
  field.type === FieldType.number
    ? { ...field, values: field.values.map((v: any) => (Number.isFinite(v) ? v : null)) }
    : field;
// A null at each step without a point: lines end there, and a bar is as wide as a step. Grafana's own panel does it to every
// frame, the component to the first alone.
function withGaps(frame: DataFrame, range: TimeRange): DataFrame {
  const time = frame.fields.find((x) => x.type === FieldType.time)!;
  const step = time.config.interval!;
  const first = Math.floor(range.from.valueOf() / step) * step;
  const steps = Array.from({ length: Math.floor((range.to.valueOf() - first) / step) + 1 }, (_, i) => first + i * step);
  const place = new Map<number, number>(time.values.map((at: number, i: number) => [at, i]));
  const times = [...new Set([...steps, ...place.keys()])].sort((a, b) => a - b);
  const fields = frame.fields.map((x) => ({
    ...x,
    values: x === time ? times : times.map((at) => (place.has(at) ? x.values[place.get(at)!] : null)),
  }));
  return { ...frame, fields, length: times.length };
}
function Graph(p: P) {
  const frames = React.useMemo(
    () =>
      p.frames.map((f) => withGaps(f, p.range)).map((f) => ({
        ...f,
        fields: f.fields.filter((x) => x.type === FieldType.time || x.type === FieldType.number).map(finite),
      })),
    [p.frames, p.range],
  );
  return (
    <TimeSeries
      frames={frames}
      structureRev={1}
      timeRange={p.range}
      timeZone={p.timeZone}
      width={p.width}
      height={p.height}
      legend={p.options.legend}
      options={p.options}
    >
      {(builder: any) => {
        builder.addHook('draw', (u: any) => marks(u, p));
        return null;
      }}
    </TimeSeries>
  );
}
function marks(u: any, p: P) {
  u.ctx.save();
  for (const event of p.events) {
    const x = Math.round(u.valToPos(event.time, 'x', true));
    u.ctx.strokeStyle = u.ctx.fillStyle = p.theme.visualization.getColorByName(event.color);
    u.ctx.setLineDash([4, 4]);
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.beginPath();
    u.ctx.moveTo(x - 5, u.bbox.top + u.bbox.height + 7);
    u.ctx.lineTo(x + 5, u.bbox.top + u.bbox.height + 7);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.fill();
  }
  u.ctx.restore();
}
function Tbl(p: P) {
  const frame = p.frames[p.options.frameIndex ?? 0] ?? p.frames[0];
  const T: any = TableNG ?? Table;
  return (
    <T
      data={frame}
      width={p.width}
      height={p.height}
      cellHeight={p.options.cellHeight}
      showTypeIcons={p.options.showTypeIcons}
      noHeader={!p.options.showHeader}
      initialSortBy={p.options.sortBy}
      sortBy={p.options.sortBy}
      timeRange={p.range}
      structureRev={1}
      fieldConfig={p.fieldConfig}
      enablePagination={p.options.enablePagination}
    />
  );
}

const reduce = { values: false, calcs: ['lastNotNull'], fields: '' };
const custom = (defs: Record<string, any>) => (b: any) => {
  for (const [k, v] of Object.entries(defs))
    b.addCustomEditor({
      id: k,
      path: k,
      name: k,
      defaultValue: v,
      editor: () => null,
      override: () => null,
      process: identityOverrideProcessor,
      shouldApply: () => true,
    });
};
const opts = (defs: Record<string, any>) => (b: any) => {
  for (const [k, v] of Object.entries(defs))
    b.addCustomEditor({ id: k, path: k, name: k, defaultValue: v, editor: () => null });
};
const make = (C: any, options: any, fc: any = {}) =>
  new PanelPlugin<any>(C).setPanelOptions(opts(options)).useFieldConfig(fc);

export const PLUGINS: Record<string, PanelPlugin> = {};
export function initPlugins() {
  PLUGINS.stat = make(Stat, {
    reduceOptions: reduce,
    orientation: 'auto',
    textMode: 'auto',
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
  });
  PLUGINS.bargauge = make(Bars, {
    reduceOptions: reduce,
    orientation: 'auto',
    displayMode: 'gradient',
    valueMode: 'color',
    namePlacement: 'auto',
    showUnfilled: true,
  });
  PLUGINS.timeseries = make(
    Graph,
    {
      legend: { displayMode: 'list', placement: 'bottom', calcs: [], showLegend: true },
      tooltip: { mode: 'single', sort: 'none' },
    },
    {
      standardOptions: {
        color: {
          settings: { byValueSupport: true, bySeriesSupport: true, preferThresholdsMode: false },
          defaultValue: { mode: FieldColorModeId.PaletteClassic },
        },
      },
      useCustomConfig: custom({
        drawStyle: 'line',
        lineInterpolation: 'linear',
        barAlignment: 0,
        barWidthFactor: 0.6,
        lineWidth: 1,
        fillOpacity: 0,
        gradientMode: 'none',
        spanNulls: false,
        insertNulls: false,
        showPoints: 'auto',
        showValues: false,
        pointSize: 5,
        stacking: { mode: 'none', group: 'A' },
        axisPlacement: 'auto',
        axisLabel: '',
        axisColorMode: 'text',
        axisBorderShow: false,
        axisCenteredZero: false,
        axisSoftMin: undefined,
        axisSoftMax: undefined,
        axisWidth: undefined,
        axisGridShow: undefined,
        scaleDistribution: { type: 'linear' },
        hideFrom: { tooltip: false, viz: false, legend: false },
        thresholdsStyle: { mode: 'off' },
        lineStyle: undefined,
        fillBelowTo: undefined,
        transform: undefined,
      }),
    },
  );
  PLUGINS.table = make(
    Tbl,
    { showHeader: true, cellHeight: 'sm', frameIndex: 0, sortBy: undefined, enablePagination: false, showTypeIcons: false },
    {
      useCustomConfig: custom({
        align: 'auto',
        cellOptions: { type: 'auto' },
        inspect: false,
        filterable: undefined,
        width: undefined,
        minWidth: undefined,
        hidden: undefined,
        hideFrom: { viz: false },
        footer: { reducers: [] },
        wrapText: undefined,
        wrapHeaderText: undefined,
        tooltip: undefined,
      }),
    },
  );
}
// What a person would read on the panel, for assertions
export function readout(p: P): any[] {
  if (p.panel.type === 'timeseries')
    return p.frames.flatMap((f) =>
      f.fields
        .filter((x) => x.type === FieldType.number)
        .map((x) => {
          const vs = x.values.filter((v: any) => v != null && !Number.isNaN(v));
          const d = x.display!(vs.filter(Number.isFinite).at(-1));
          return {
            title: getFieldDisplayName(x, f, p.frames),
            points: vs.length,
            last: formattedValueToString(d),
            color: d.color,
          };
        }),
    );
  if (p.panel.type === 'table') {
    const f = p.frames[p.options.frameIndex ?? 0] ?? p.frames[0];
    const cols = f.fields.filter((x) => !(x.config.custom?.hideFrom?.viz || x.config.custom?.hidden));
    return Array.from({ length: f.length }, (_, i) =>
      Object.fromEntries(
        cols.flatMap((x) => {
          const d = x.display!(x.values[i]),
            name = getFieldDisplayName(x, f, p.frames);
          return [
            [name, formattedValueToString(d)],
            ...(x.config.custom?.cellOptions?.type === 'color-text' ? [[`${name} color`, d.color]] : []),
          ];
        }),
      ),
    );
  }
  return displays(p).map((v) => ({
    title: v.display.title,
    text: formattedValueToString(v.display),
    color: v.display.color,
    percent: v.display.percent,
  }));
}
