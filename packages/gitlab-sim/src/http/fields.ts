import type { JsonObject } from '@polar-gosling/kernel';

export type FieldType = 'string' | 'integer' | 'boolean' | 'strings' | 'objects' | 'object';

/** What a route accepts under one name. */
export interface Field {
  readonly type: FieldType;
  readonly isRequired?: boolean;
  readonly values?: readonly string[];
}

export type Fields = Readonly<Record<string, Field>>;

export const text: Field = { type: 'string' };
export const integer: Field = { type: 'integer' };
export const flag: Field = { type: 'boolean' };
export const texts: Field = { type: 'strings' };
export const object: Field = { type: 'object' };
export const objects: Field = { type: 'objects' };

export function required(field: Field): Field {
  return { ...field, isRequired: true };
}

export function oneOf(values: readonly string[]): Field {
  return { type: 'string', values };
}

export function listOf(values: readonly string[]): Field {
  return { type: 'strings', values };
}

/** Fields of a request after they were checked; an absent one is `undefined`. */
export interface FieldValues {
  has(name: string): boolean;
  text(name: string): string | undefined;
  integer(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  texts(name: string): readonly string[] | undefined;
  object(name: string): JsonObject | undefined;
  objects(name: string): readonly JsonObject[] | undefined;
}

export function createFieldValues(values: ReadonlyMap<string, unknown>): FieldValues {
  return {
    has: (name) => values.has(name),
    text: (name) => asText(values.get(name)),
    integer: (name) => asNumber(values.get(name)),
    flag: (name) => asFlag(values.get(name)),
    texts: (name) => asList(values.get(name), isText),
    object: (name) => asObject(values.get(name)),
    objects: (name) => asList(values.get(name), isObject),
  };
}

export const noFields: FieldValues = createFieldValues(new Map());

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function asFlag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function asObject(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function asList<Item>(value: unknown, isItem: (item: unknown) => item is Item): Item[] | undefined {
  return Array.isArray(value) && value.every(isItem) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
