const reference = /^(yc-lockbox|aws-sm|vault|local):\/\/.*$/s;

/**
 * The effective configuration of an Egg for readers: snake_case, references of secrets masked. Names of environment
 * variables are the user's own and stay.
 */
export function toWireConfig(config: unknown): Record<string, unknown> {
  const masked = convert(config, true);
  return typeof masked === 'object' && masked !== null ? Object.fromEntries(Object.entries(masked)) : {};
}

/** One value of a configuration, masked as the whole is. */
export function toWireValue(value: unknown): unknown {
  return convert(value, true);
}

/** `runner.jobsPerRunner` → `runner.jobs_per_runner`; a name below `environment` is the user's own. */
export function wirePath(path: string): string {
  return path.startsWith('environment.') ? path : path.split('.').map(snakeCase).join('.');
}

function convert(value: unknown, renames: boolean): unknown {
  if (typeof value === 'string') return value.replace(reference, '$1://***MASKED***');
  if (Array.isArray(value)) return value.map((item) => convert(item, renames));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      renames ? snakeCase(name) : name,
      convert(inner, renames && name !== 'environment'),
    ]),
  );
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
