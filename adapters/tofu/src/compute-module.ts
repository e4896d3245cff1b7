import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ModuleVersions = z.strictObject({
  version: z.string().min(1),
  machineRevision: z.number().int().positive(),
});

/** The compute module's own version, and the number that is raised when living machines must be replaced. */
export type ComputeModule = Readonly<z.infer<typeof ModuleVersions>>;

/** Where `infra/compute` is in a checkout. */
export const computeDirectory = fileURLToPath(new URL('../../../infra/compute/', import.meta.url));

export function computeModule(directory = computeDirectory): ComputeModule {
  return ModuleVersions.parse(JSON.parse(readFileSync(join(directory, 'versions.json'), 'utf8')));
}

/** The files a bundle is made of, as they are in the source. */
export interface BundleSources {
  readonly module: ComputeModule;
  /** Texts of templates by the name of the file they render. */
  readonly templates: ReadonlyMap<string, string>;
  /** Static files of the provider's module by their path in it. */
  readonly moduleFiles: ReadonlyMap<string, string>;
  /** What the user data of a VM is made of. */
  readonly cloudInit: { readonly template: string; readonly fetchScript: string; readonly unit: string };
}

const templateNames: ReadonlyMap<string, string> = new Map([
  ['checks.tf', 'tofu_checks.tf.j2'],
  ['data.tf', 'tofu_data.tf.j2'],
  ['providers.tf', 'tofu_providers.tf.j2'],
  ['resources.tf', 'tofu_resources.tf.j2'],
  ['tofu.rc', 'tofu_rc.j2'],
  ['variables.tf', 'tofu_variables.tf.j2'],
  ['versions.tf', 'tofu_versions.tf.j2'],
]);

/** Reads the sources of one provider's bundles. */
export function readBundleSources(provider: string, directory = computeDirectory): BundleSources {
  const read = (...parts: string[]) => readFileSync(join(directory, ...parts), 'utf8');
  const moduleNames = readdirSync(join(directory, provider), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.tf'));
  return {
    module: computeModule(directory),
    templates: new Map([...templateNames].map(([file, name]) => [file, read(name)])),
    cloudInit: {
      template: read('cloud_init.yaml.j2'),
      fetchScript: read('gosling-fetch.sh'),
      unit: read('gosling-runner.service'),
    },
    moduleFiles: new Map(moduleNames.toSorted().map((name) => [name, read(provider, name)])),
  };
}
