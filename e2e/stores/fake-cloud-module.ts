import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtProviders } from '../../adapters/tofu/src/test-bench.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const noMirrorReason = 'the provider of the fake cloud cannot be built here (it needs Go)';

/** A directory of providers with the one of the fake cloud; `undefined` where it cannot be built. */
export function findFakecloudMirror(): string | undefined {
  return builtProviders('get-fakecloud-provider.sh');
}

/**
 * The compute module with machines of the fake cloud in the place of those of AWS, whose provider cannot be had in a
 * test. All else is what the product ships.
 */
export function writeCloudModule(
  dir: string,
  { providerVersion = '0.1.0', moduleVersion }: { providerVersion?: string; moduleVersion?: string } = {},
): string {
  const copy = join(dir, 'compute');
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(root, 'infra/compute'), copy, { recursive: true });
  const needs = `fakecloud = {\n      source  = "polar.test/polar/fakecloud"\n      version = "${providerVersion}"\n    }`;
  edit(join(copy, 'tofu_versions.tf.j2'), /aws = \{[^}]*\}/, needs);
  edit(join(copy, 'tofu_providers.tf.j2'), /provider "aws" \{[^}]*\}/, 'provider "fakecloud" {}');
  // What AWS itself would be asked for is not there.
  edit(join(copy, 'tofu_checks.tf.j2'), /\{% if provider == "aws" %\}[\s\S]*$/, '');
  edit(join(copy, 'tofu_data.tf.j2'), /data "aws_ssm_parameter" "newest" \{[^}]*\}/, '');
  edit(join(copy, 'tofu_resources.tf.j2'), /try\(data\.aws_ssm_parameter.*/, 'each.value.image');
  if (moduleVersion !== undefined) {
    edit(join(copy, 'versions.json'), /"version": "[^"]*"/, `"version": "${moduleVersion}"`);
  }
  rmSync(join(copy, 'aws'), { recursive: true });
  mkdirSync(join(copy, 'aws'));
  for (const [name, text] of Object.entries(moduleOf(needs))) writeFileSync(join(copy, 'aws', name), text);
  return copy;
}

function edit(path: string, from: RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (!from.test(text)) throw new Error(`${path} does not hold ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

const moduleOf = (needs: string): Readonly<Record<string, string>> => ({
  'versions.tf': `terraform {\n  required_providers {\n    ${needs}\n  }\n}\n`,
  'variables.tf': ['entry', 'user_data', 'image_id', 'module_version', 'machine_revision']
    .map((name) => `variable "${name}" {\n  type = any\n}\n`)
    .join('\n'),
  'outputs.tf': 'output "state" {\n  value = "running"\n}\n',
  'aws_resources.tf': `resource "fakecloud_instance" "runner" {
  count = 1

  name      = var.entry.runner_id
  user_data = jsonencode(var.entry)
  tags      = merge(var.entry.tags, { module = var.module_version })

  lifecycle {
    ignore_changes = all
  }
}
`,
});
