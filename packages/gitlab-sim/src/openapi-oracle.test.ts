import { readFileSync } from 'node:fs';
import { createSystemClock } from '@polar-gosling/kernel';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { apiRoutes } from './api-routes.ts';
import { createHookDispatcher } from './hooks/dispatcher.ts';
import type { Field, Fields } from './http/fields.ts';
import { isObject } from './http/fields.ts';
import type { Route } from './http/route.ts';
import { aContext } from './testing/a-context.ts';
import { at } from './testing/api-client.ts';

/** What testdata/README.md allows besides the file. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'GET /projects/:id/jobs': ['pagination', 'order_by', 'sort', 'cursor'],
  'GET /projects/:id/pipelines/:pipeline_id/jobs': ['scope'],
  'PUT /jobs/:id': ['info'],
  'POST /runners/verify': ['info'],
  'PATCH /jobs/:id/trace': ['debug_trace'],
  'POST /jobs/:id/artifacts': ['artifact_format', 'artifact_type', 'expire_in'],
  'DELETE /runners': ['body token'],
  'DELETE /runners/managers': ['body token', 'body system_id'],
};

const types: Readonly<Record<Field['type'], readonly string[]>> = {
  string: ['string'],
  integer: ['integer'],
  boolean: ['boolean'],
  strings: ['array'],
  objects: ['array'],
  object: ['object'],
};

let document: unknown;
let routes: readonly Route[];

beforeAll(() => {
  const file = new URL('../testdata/gitlab-extract.yaml', import.meta.url);
  document = parse(readFileSync(file, 'utf8'));
  const context = aContext(createSystemClock());
  routes = apiRoutes(context, createHookDispatcher(context));
});

describe("GitLab's OpenAPI file", () => {
  it('has every route the simulator serves', () => {
    const missing = routes.filter((route) => operationOf(route) === undefined).map(nameOf);

    expect(routes.length).toBeGreaterThan(45);
    expect(missing).toEqual([]);
  });

  it('has every field the simulator accepts, with the same type', () => {
    const strange = routes.flatMap((route) => [
      ...compare(route, route.query ?? {}, 'query'),
      ...compare(route, route.body ?? {}, 'body'),
    ]);

    expect(strange).toEqual([]);
  });

  it('allows every value of every list of values', () => {
    const strange = routes.flatMap((route) =>
      [...Object.entries({ ...route.query, ...route.body })].flatMap(([name, field]) => {
        const schema = schemaOf(route, name, 'query') ?? schemaOf(route, name, 'body');
        const known = at(schema, 'enum') ?? at(schema, 'items', 'enum');
        if (!Array.isArray(known)) return [];
        return (field.values ?? [])
          .filter((value) => !known.includes(value) && name !== 'status')
          .map((value) => `${nameOf(route)} ${name}=${value}`);
      }),
    );

    expect(strange).toEqual([]);
  });
});

function compare(route: Route, fields: Fields, place: 'query' | 'body'): string[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const excuses = allowed[nameOf(route)] ?? [];
    if (excuses.includes(name) || excuses.includes(`${place} ${name}`)) return [];
    const schema = schemaOf(route, name, place);
    if (schema === undefined) return [`${nameOf(route)} has no ${place} ${name}`];
    const type = String(at(schema, 'type') ?? 'object');
    return types[field.type].includes(type)
      ? []
      : [`${nameOf(route)} ${place} ${name} is ${type}, not ${field.type}`];
  });
}

function schemaOf(route: Route, name: string, place: 'query' | 'body'): unknown {
  const operation = operationOf(route);
  if (place === 'body') {
    const content = at(resolve(at(operation, 'requestBody')), 'content');
    const [first] = isObject(content) ? Object.values(content) : [];
    return resolve(at(resolve(at(first, 'schema')), 'properties', name));
  }
  const parameters = at(operation, 'parameters');
  if (!Array.isArray(parameters)) return undefined;
  const found = parameters.map(resolve).find((one) => at(one, 'in') === 'query' && at(one, 'name') === name);
  return resolve(at(found, 'schema'));
}

function operationOf(route: Route): unknown {
  const paths = at(document, 'paths');
  const shape = route.path.replaceAll(/:\w+/g, '{}');
  const path = Object.keys(isObject(paths) ? paths : {}).find(
    (one) => one.replaceAll(/\{\w+\}/g, '{}') === shape,
  );
  return path === undefined ? undefined : at(paths, path, route.method.toLowerCase());
}

function resolve(value: unknown): unknown {
  const reference = at(value, '$ref');
  if (typeof reference !== 'string') return value;
  return at(document, ...reference.replace('#/', '').split('/'));
}

function nameOf(route: Route): string {
  return `${route.method} ${route.path}`;
}
