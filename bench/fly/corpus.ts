// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { createRandom, type Random } from '../../packages/fly/src/quality/random.ts';

const teams = ['payments', 'search', 'mobile', 'infra', 'ml', 'billing', 'catalog', 'web'] as const;

/** One file of about so many bytes: Eggs of 1 KB each that are Fly and HCL at once. The same in each run. */
export function makeFile(bytes: number): string {
  const random = createRandom(0x9e3779b9);
  const eggs = ['# One big file: managed by GitOps, edit through a merge request.\n'];
  let length = 0;
  for (let index = 0; length < bytes; index++) {
    const text = makeEgg(random, index);
    length += text.length + 1;
    eggs.push(text);
  }
  return eggs.join('\n');
}

/** An Egg for each of so many files, with its name. */
export function makeEggs(count: number): { readonly name: string; readonly text: string }[] {
  const random = createRandom(0x51ed270b);
  return Array.from({ length: count }, (_, index) => {
    const text = makeEgg(random, index);
    return { name: /^egg "(.*)"/m.exec(text)?.[1] ?? '', text };
  });
}

/** The same Egg as a resource of Terraform's built-in provider: its blocks are maps there. */
export function toTerraform(egg: string): string {
  return egg
    .replace(/^egg ("[^"]*") \{$/m, 'resource "terraform_data" $1 {\n  input = {')
    .replaceAll(/^( {2}[a-z]+) \{$/gm, '$1 = {')
    .replaceAll('${egg.name}', '${path.module}')
    .replace(/^\}$/m, '  }\n}');
}

function makeEgg(random: Random, index: number): string {
  const team = random.pick(teams);
  const name = `${team}-${random.pick(['build', 'test', 'deploy', 'lint', 'e2e'])}-${index}`;
  const provider = random.pick(['yandex', 'aws']);
  const parts = [
    cloud(random, provider),
    block('resources', [
      `cpu    = ${2 ** (1 + random.int(4))}`,
      `memory = "${4 * 2 ** random.int(3)}GiB"`,
      `disk   = "${20 + random.int(180)}GiB"`,
    ]),
    runner(random, { team, name, provider }),
    block('gitlab', [
      `server       = "gitlab.example.com"`,
      `project_id   = ${1_000 + index}`,
      `token_secret = "${provider === 'aws' ? 'aws-sm' : 'yc-lockbox'}://gitlab/${name}/runner-token"`,
    ]),
  ];
  if (random.isLikely(0.6)) parts.push(environment(random));
  return [
    `# Egg ${index}: runner pool of ${team}, see https://wiki.example.com/${team}/runners first`,
    `// owner: ${team}`,
    `egg "${name}" {`,
    `  type = "${random.pick(['vm', 'serverless'])}"`,
    '',
    `${parts.join('\n\n')}`,
    '}\n',
  ].join('\n');
}

function block(name: string, lines: readonly string[]): string {
  return `  ${name} {\n${lines.map((line) => `    ${line}`).join('\n')}\n  }`;
}

function cloud(random: Random, provider: string): string {
  const lines = [
    `provider = "${provider}"`,
    `region   = "${provider === 'aws' ? 'eu-central-1' : 'ru-central1'}"`,
    `spot     = "${random.pick(['never', 'prefer', 'only'])}"`,
  ];
  if (random.isLikely(0.5)) lines.push('zones    = ["a", "b", "c"]');
  if (random.isLikely(0.3)) lines.push(`subnet   = "subnet-${random.int(1e9).toString(16)}"`);
  return block('cloud', lines);
}

function runner(random: Random, egg: { team: string; name: string; provider: string }): string {
  const lines = [
    `tags         = ["${egg.team}", "docker", "${egg.provider}-large"]`,
    `concurrent   = ${1 + random.int(8)}`,
    `idle_timeout = "${5 + random.int(40)}m"`,
    `locked       = ${random.isLikely(0.5)}`,
  ];
  if (random.isLikely(0.4)) lines.push('image        = "registry.example.com/ci/base:24.04"');
  if (random.isLikely(0.5)) {
    const script = ['set -euo pipefail', 'apt-get update -qq', 'for p in git curl jq; do'];
    script.push('  apt-get install -y "$p"', 'done', `echo "ready: ${egg.name}"`);
    lines.push('pre_build_script = <<-EOT', ...script.map((line) => `  ${line}`), 'EOT');
  }
  return block('runner', lines);
}

function environment(random: Random): string {
  return block('environment', [
    'DOCKER_DRIVER = "overlay2"',
    'CACHE_KEY     = "${egg.name}-cache"',
    `GOMAXPROCS    = "${1 + random.int(16)}"`,
    'BUILDKIT_HOST = "tcp://buildkit.example.com:1234"',
  ]);
}
