import type { JsonObject } from '@polar-gosling/kernel';
import { schema } from '../schema/table.ts';
import type { AttributeSpec, BlockSpec, TextForm, ValueType } from '../schema/types.ts';

/** How a body is read: whole, as `defaults`, or as a `patch`, in which `null` removes. */
type Mode = 'whole' | 'partial' | 'patch';

const labelPattern = '^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$';
const partialKinds = ['egg', 'eggsbucket', 'job', 'uglyfox', 'mothergoose'] as const;
const formats: Readonly<Partial<Record<TextForm, string>>> = { url: 'uri', email: 'email' };

/**
 * The blocks of a Fly file as JSON Schema (2020-12), made from the table of the language. A labelled block is an object
 * with its labels as names, one that may stand repeatedly is a list; values are as they are written, with their
 * references filled in.
 */
export function flyJsonSchema(): JsonObject {
  const bodies = Object.fromEntries(
    partialKinds.flatMap((kind) => [
      [kind, toBody(schema.blocks[kind], 'whole')],
      [`${kind}_defaults`, toBody(schema.blocks[kind], 'partial')],
      [`${kind}_patch`, toBody(schema.blocks[kind], 'patch')],
    ]),
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Fly',
    ...toBody(schema, 'whole'),
    $defs: bodies,
  };
}

function toBody(spec: BlockSpec, mode: Mode): JsonObject {
  const attributes = Object.entries(spec.attributes ?? {}).map(([name, row]) => [
    name,
    toAttribute(row, mode),
  ]);
  const blocks = Object.entries(spec.blocks ?? {}).map(([name, inner]) => [name, toBlock(name, inner, mode)]);
  const properties: Record<string, JsonObject> = Object.fromEntries([...attributes, ...blocks]);
  for (const [alias, name] of Object.entries(spec.aliases ?? {})) {
    properties[alias] = { ...properties[name], description: `Another name of ${name}.` };
  }
  const required = mode === 'whole' ? requiredOf(spec) : [];
  const sets = toSets(spec, mode);
  return {
    type: 'object',
    description: spec.doc,
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: toAdditional(spec, mode),
    ...(sets.length > 0 && { allOf: sets }),
  };
}

function requiredOf({ attributes = {}, blocks = {} }: BlockSpec): string[] {
  return [...Object.entries(attributes), ...Object.entries(blocks)].flatMap(([name, row]) =>
    row.required === true ? name : [],
  );
}

function toAdditional(spec: BlockSpec, mode: Mode): JsonObject | false {
  if (spec.free !== undefined) return nullable(toType(spec.free), mode);
  return spec.anyBlock === undefined ? false : toBody(spec.anyBlock, mode);
}

/** `exactlyOne`; in a part of a block nothing has to be there. */
function toSets({ exactlyOne }: BlockSpec, mode: Mode): JsonObject[] {
  if (exactlyOne === undefined) return [];
  if (mode === 'whole') return [{ oneOf: exactlyOne.map((name) => ({ required: [name] })) }];
  return exactlyOne.flatMap((name, index) =>
    exactlyOne.slice(index + 1).map((other) => ({ not: { required: [name, other] } })),
  );
}

function toBlock(name: string, spec: BlockSpec, mode: Mode): JsonObject {
  if (spec.isPartial === true) return toPartial(name, spec);
  const isShared = mode === 'whole' && partialKinds.some((kind) => schema.blocks[kind] === spec);
  const body = isShared ? { $ref: `#/$defs/${name}` } : toBody(spec, mode);
  const deprecated = spec.deprecated !== undefined && { deprecated: true };
  if (spec.labels !== undefined) return { ...labelled(spec.doc, body), ...deprecated };
  if (spec.repeat === 'list') return { type: 'array', items: body, ...deprecated };
  return { ...body, ...deprecated };
}

/** `defaults "egg"` and `patch "egg" "name"`. */
function toPartial(name: string, { doc, labels }: BlockSpec): JsonObject {
  const properties = partialKinds.map((kind) => {
    const body = { $ref: `#/$defs/${kind}_${name}` };
    return [kind, labels === 2 ? labelled(doc, body) : body] as const;
  });
  return {
    type: 'object',
    description: doc,
    properties: Object.fromEntries(properties),
    additionalProperties: false,
  };
}

function labelled(description: string, body: JsonObject): JsonObject {
  return {
    type: 'object',
    description,
    propertyNames: { pattern: labelPattern },
    additionalProperties: body,
  };
}

function toAttribute(spec: AttributeSpec, mode: Mode): JsonObject {
  const { type, doc, default: value, defaultDoc, deprecated } = spec;
  return {
    ...nullable(toType(type), mode),
    description: [doc, defaultDoc && `Default: ${defaultDoc}.`, deprecated && `Deprecated: ${deprecated}.`]
      .filter(Boolean)
      .join(' '),
    // The table counts durations in ms; a file writes them with a unit.
    ...(value !== undefined && type.kind !== 'duration' && { default: value }),
    ...(deprecated !== undefined && { deprecated: true }),
  };
}

function nullable(type: JsonObject, mode: Mode): JsonObject {
  return mode === 'patch' ? { anyOf: [type, { type: 'null' }] } : type;
}

const texts = {
  duration: '^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$',
  size: '^[0-9]{1,15}(\\.[0-9]{1,9})?(B|[KMGT]i?B)$',
  percent: '^[0-9]+(\\.[0-9]+)?%$',
  secret: '^(yc-lockbox|aws-sm|vault|local)://',
} as const;

function toType(type: ValueType): JsonObject {
  switch (type.kind) {
    case 'string': {
      const format = type.form && formats[type.form];
      return { type: 'string', ...(format !== undefined && { format }) };
    }
    case 'int':
      return {
        type: 'integer',
        ...(type.min !== undefined && { minimum: type.min }),
        ...(type.max !== undefined && { maximum: type.max }),
      };
    case 'bool':
      return { type: 'boolean' };
    case 'duration':
    case 'secret':
      return { type: 'string', pattern: texts[type.kind] };
    case 'size':
      return {
        anyOf: [
          { type: 'integer', minimum: 1 },
          { type: 'string', pattern: texts.size },
        ],
      };
    case 'percent':
      return {
        anyOf: [
          { type: 'number', minimum: 0, maximum: 100 },
          { type: 'string', pattern: texts.percent },
        ],
      };
    case 'enum':
      return { enum: type.of };
    case 'list':
      return { type: 'array', items: toType(type.of), ...(type.isSet === true && { uniqueItems: true }) };
    case 'map':
      return { type: 'object', additionalProperties: toType(type.of) };
    case 'any':
      return {};
    default:
      return { type: 'string' };
  }
}
