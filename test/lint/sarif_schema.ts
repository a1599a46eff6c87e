// What SARIF 2.1.0 asks of a log such as ours (sarif-schema-2.1.0.json of OASIS, cut to the objects
// that we write; `additionalProperties` is false there too).

const closed = (required: readonly string[], properties: object) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const LEVEL = { enum: ['none', 'note', 'warning', 'error'] };
const MESSAGE = closed(['text'], { text: { type: 'string' } });
const POSITIVE = { type: 'integer', minimum: 1 };

const RULE = closed(['id'], {
  id: { type: 'string' },
  shortDescription: MESSAGE,
  fullDescription: MESSAGE,
  help: MESSAGE,
  defaultConfiguration: closed([], { level: LEVEL }),
});

const LOCATION = closed([], {
  physicalLocation: closed(['artifactLocation'], {
    artifactLocation: closed([], { uri: { type: 'string', pattern: '^[^ `<>]+$' } }),
    region: closed([], { startLine: POSITIVE, startColumn: POSITIVE }),
  }),
});

const RESULT = closed(['message'], {
  ruleId: { type: 'string' },
  ruleIndex: { type: 'integer', minimum: -1 },
  level: LEVEL,
  message: MESSAGE,
  locations: { type: 'array', items: LOCATION },
});

const DRIVER = closed(['name'], {
  name: { type: 'string' },
  semanticVersion: { type: 'string' },
  rules: { type: 'array', uniqueItems: true, items: RULE },
});

export const SARIF_SCHEMA = closed(['version', 'runs'], {
  $schema: { type: 'string' },
  version: { enum: ['2.1.0'] },
  runs: {
    type: 'array',
    items: closed(['tool'], {
      tool: closed(['driver'], { driver: DRIVER }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: { type: 'array', items: RESULT },
    }),
  },
});
