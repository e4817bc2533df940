// Fills the registries that Grafana core fills at start-up; npm packages ship them empty.
import {
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformersRegistry,
  standardTransformers,
  displayNameOverrideProcessor,
  stringOverrideProcessor,
  unitOverrideProcessor,
  numberOverrideProcessor,
  thresholdsOverrideProcessor,
  valueMappingsOverrideProcessor,
  dataLinksOverrideProcessor,
  booleanOverrideProcessor,
  identityOverrideProcessor,
  ThresholdsMode,
  FieldColorModeId,
  type FieldConfigPropertyItem,
} from '@grafana/data';

const none = () => null as any;
const EDITORS = [
  'number',
  'slider',
  'text',
  'strings',
  'boolean',
  'select',
  'radio',
  'multi-select',
  'unit',
  'color',
  'fieldColor',
  'thresholds',
  'mappings',
  'links',
  'actions',
  'timezone',
  'stats-picker',
  'field-name',
  'dashboard-uid',
  'series',
  'cell-options',
];

function item(id: string, process: any, defaultValue?: any, path = id): FieldConfigPropertyItem<any> {
  return {
    id,
    path,
    name: id,
    description: '',
    editor: none,
    override: none,
    process,
    defaultValue,
    shouldApply: () => true,
    settings: {},
  } as any;
}

export function initRegistries() {
  standardEditorsRegistry.setInit(() => EDITORS.map((id) => ({ id, name: id, editor: none }) as any));
  standardFieldConfigEditorRegistry.setInit(() => [
    item('displayName', displayNameOverrideProcessor),
    item('description', stringOverrideProcessor),
    item('unit', unitOverrideProcessor),
    item('min', numberOverrideProcessor),
    item('max', numberOverrideProcessor),
    item('fieldMinMax', booleanOverrideProcessor),
    item('decimals', numberOverrideProcessor),
    item('noValue', stringOverrideProcessor),
    item('color', identityOverrideProcessor, { mode: FieldColorModeId.Thresholds }),
    item('thresholds', thresholdsOverrideProcessor, {
      mode: ThresholdsMode.Absolute,
      steps: [
        { value: -Infinity, color: 'green' },
        { value: 80, color: 'red' },
      ],
    }),
    item('mappings', valueMappingsOverrideProcessor, []),
    item('links', dataLinksOverrideProcessor),
    item('actions', identityOverrideProcessor),
    item('filterable', booleanOverrideProcessor),
  ]);
  standardTransformersRegistry.setInit(() =>
    [...new Map(Object.values(standardTransformers).map((t: any) => [t.id, t])).values()].map((t: any) => {
      // joinByField is in the object twice
      // 12.x wants the transformer itself, 13.x a function that resolves to it: give something that is both
      const both: any = () => Promise.resolve(t);
      for (const k of Object.keys(t)) Object.defineProperty(both, k, { value: t[k], configurable: true });
      return { id: t.id, name: t.name, transformation: both, editor: none } as any;
    }),
  );
}
