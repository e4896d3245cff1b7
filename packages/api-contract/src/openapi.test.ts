import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { routes } from './routes.ts';

const document = openApiDocument('1.2.3');

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '$ref' ? [String(inner)] : referencesIn(inner),
  );
}

describe('the OpenAPI document', () => {
  it('has every route once', () => {
    const operations = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );

    expect(operations.toSorted()).toEqual(Object.keys(routes).toSorted());
  });

  it('names every parameter of its path', () => {
    const wrong = Object.entries(document.paths).filter(([path, operations]) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      return Object.values(operations).some(({ parameters = [] }) => {
        const named = parameters.filter((one) => one['in'] === 'path').map((one) => one['name']);
        return named.toSorted().join() !== inPath.toSorted().join();
      });
    });

    expect(wrong).toEqual([]);
  });

  it('refers only to what it holds', () => {
    const held = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);

    const missing = referencesIn(document).filter((reference) => !held.includes(reference));

    expect(missing).toEqual([]);
  });

  it('is plain JSON without dialects of its own', () => {
    const text = JSON.stringify(document);

    expect(JSON.parse(text)).toEqual(document);
    expect(text).not.toContain('$schema');
  });

  it('is closed for what operators send and open for what agents send', () => {
    const { LaunchRequest, HeartbeatBody } = document.components.schemas;

    expect(LaunchRequest?.['additionalProperties']).toBe(false);
    expect(HeartbeatBody?.['additionalProperties']).toBeUndefined();
  });
});
