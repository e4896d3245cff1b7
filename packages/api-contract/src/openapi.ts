import { z } from 'zod';
import { components } from './components.ts';
import { problemMediaType } from './problem.ts';
import type { Route, RouteAuth } from './route.ts';
import { routes } from './routes.ts';

type JsonSchema = Readonly<Record<string, unknown>>;

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly JsonSchema[];
  readonly parameters?: readonly JsonSchema[];
  readonly requestBody?: JsonSchema;
  readonly responses: Readonly<Record<string, JsonSchema>>;
}

/** The OpenAPI 3.1 document of every route there is. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Polar Gosling',
      version,
      description: 'GitLab CI runners by GitOps. Errors are RFC 9457 problems with a stable `code`.',
    },
    paths,
    components: { schemas: componentSchemas(), securitySchemes },
  };
}

const bearer = { type: 'http', scheme: 'bearer' };
const securitySchemes = {
  apiToken: bearer,
  goslingToken: { type: 'apiKey', in: 'header', name: 'X-Gosling-Token' },
  bootstrapToken: { ...bearer, description: 'The one-time token of the runner' },
  agentToken: { ...bearer, description: 'The token its agent got for it' },
  triggerToken: { type: 'apiKey', in: 'header', name: 'X-Trigger-Auth' },
  webhookToken: { type: 'apiKey', in: 'header', name: 'X-Gitlab-Token' },
};

const api = [{ apiToken: [] }, { goslingToken: [] }];
const security: Readonly<Record<RouteAuth, readonly JsonSchema[]>> = {
  none: [],
  api,
  local: [...api, {}],
  optional: [...api, {}],
  trigger: [{ triggerToken: [] }],
  webhook: [{ webhookToken: [] }],
  bootstrap: [{ bootstrapToken: [] }],
  agent: [{ agentToken: [] }],
};

function operationOf(name: string, route: Route): OpenApiOperation {
  const parameters = [...parametersOf('path', route.params), ...parametersOf('query', route.query)];
  return {
    operationId: name,
    summary: route.summary,
    security: security[route.auth],
    ...(parameters.length === 0 ? undefined : { parameters }),
    ...requestBodyOf(route),
    responses: Object.fromEntries([
      [String(route.success.status), successOf(route)],
      ...errorStatuses(route).map((status) => [
        String(status),
        { ...problemResponse, description: reasons[status] },
      ]),
    ]),
  };
}

function parametersOf(where: 'path' | 'query', schema: z.ZodObject | undefined): JsonSchema[] {
  if (schema === undefined) return [];
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path',
    schema: inline(field),
  }));
}

function requestBodyOf(route: Route): { requestBody?: JsonSchema } {
  if (route.auth === 'webhook') {
    return {
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
    };
  }
  if (route.body === undefined) return {};
  const isOptional = route.body.safeParse({}).success;
  return {
    requestBody: {
      required: !isOptional,
      content: { 'application/json': { schema: schemaOf(route.body) } },
    },
  };
}

function successOf(route: Route): JsonSchema {
  const { schema, mediaType } = route.success;
  const description = 'Done';
  if (schema !== undefined) {
    return { description, content: { 'application/json': { schema: schemaOf(schema) } } };
  }
  if (mediaType === undefined) return { description };
  const text = mediaType === 'application/json' ? {} : { type: 'string' };
  return { description, content: { [mediaType]: { schema: text } } };
}

const reasons: Readonly<Record<number, string>> = {
  400: 'The request is wrong; `errors` says where',
  401: 'No valid token',
  403: 'The token may not do this',
  404: 'Not there, or not this token’s to see',
  409: 'It does not fit the present state',
  410: 'It is gone for good',
  413: 'The body is too long',
  415: 'The body is not of a type that is understood',
  429: 'Too many requests; see Retry-After',
  500: 'Something failed inside',
  503: 'Not now; see Retry-After',
};

const problemResponse = {
  content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Its own statuses, and those that follow from what it takes and who may call it. */
export function errorStatuses(route: Route): readonly number[] {
  const found = new Set<number>([...(route.errors ?? []), 400, 429, 500, 503]);
  const needsToken = route.auth !== 'none' && route.auth !== 'optional';
  if (needsToken && route.auth !== 'webhook') found.add(401);
  if (route.auth === 'api' || route.auth === 'webhook') found.add(403);
  if (route.body !== undefined) found.add(413).add(415);
  return [...found].toSorted((a, b) => a - b);
}

/** A named component by reference, anything else in place. */
function schemaOf(schema: z.ZodType): JsonSchema {
  const named = Object.entries(components).find(([, component]) => component === schema);
  return named === undefined ? inline(schema) : { $ref: `#/components/schemas/${named[0]}` };
}

function inline(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function componentSchemas(): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries<z.ZodType>(components)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _uri, ...rest }]) => [id, rest]),
  );
}
