/** What may be a runner's id in a bundle: it is a key of a map, a directory and part of an address. */
export const runnerIdPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Address of a runner in the bundle: of the module that holds all its resources. */
export function addressOf(runnerId: string): string {
  return `module.runner[${JSON.stringify(runnerId)}]`;
}

/** Address of one resource of a runner that the cloud has: every module of ours calls it `runner`. */
export function resourceAddressOf(runnerId: string, type: string): string {
  return `${addressOf(runnerId)}.${type}.runner[0]`;
}

/** Address of the container that runners with this key share. */
export function containerAddressOf(containerKey: string): string {
  return `module.container[${JSON.stringify(containerKey)}].yandex_serverless_container.runner`;
}

/** The containers whose invocations serverless runners are. */
export const sharedAddresses: readonly string[] = ['module.container'];

/** The runner an address belongs to; `undefined` when it is none of a runner. */
export function runnerIdOf(address: string): string | undefined {
  const key = /^module\.runner\["([^"\\]+)"\]($|\.)/.exec(address)?.[1];
  return key !== undefined && runnerIdPattern.test(key) ? key : undefined;
}

/** A runner's own address for all that is inside it; any other address stands for itself. */
export function ownerOf(address: string): string {
  const runnerId = runnerIdOf(address);
  return runnerId === undefined ? address : addressOf(runnerId);
}

/** Is it the command that starts a machine, not the machine? It starts at most once, however often it is made. */
export function isStartCommand(address: string): boolean {
  return address.endsWith('.terraform_data.start');
}
