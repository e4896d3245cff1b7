const prefix = 'module.compute.terraform_data.runner';

/** What may be a runner's id in a bundle: it is a key of a map, a directory and part of an address. */
export const runnerIdPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Address of a runner in the bundle. */
export function addressOf(runnerId: string): string {
  return `${prefix}[${JSON.stringify(runnerId)}]`;
}

/** The runner an address belongs to; `undefined` when it is none of a runner. */
export function runnerIdOf(address: string): string | undefined {
  const key = /\["([^"\\]+)"\]/.exec(address)?.[1];
  if (key === undefined || !address.startsWith('module.compute.') || !runnerIdPattern.test(key))
    return undefined;
  return key;
}
