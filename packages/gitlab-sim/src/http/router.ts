import type { Route } from './route.ts';

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the route of a method and path. Parts are decoded one by one, so `group%2Fproject` is one id. */
export function createRouter(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch | undefined {
  const table = routes.map((route) => ({ route, parts: route.path.split('/') }));
  // Literal parts win over parameters: /runners/all is not the runner named "all".
  table.sort((a, b) => parameterCount(a.parts) - parameterCount(b.parts));
  return (method, path) => {
    const given = path.split('/');
    for (const { route, parts } of table) {
      if (route.method !== method || parts.length !== given.length) continue;
      const params = matchParts(parts, given);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  };
}

function parameterCount(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith(':')).length;
}

function matchParts(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith(':')) {
      const decoded = decodePart(value);
      if (decoded === undefined || decoded === '') return undefined;
      params[part.slice(1)] = decoded;
    } else if (part !== value) {
      return undefined;
    }
  }
  return params;
}

function decodePart(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined; // a broken escape names nothing
  }
}
