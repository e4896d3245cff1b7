// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import type { Random } from './random.ts';

const teams = ['payments', 'search', 'mobile', 'infra', 'billing', 'catalog', 'web'] as const;
const scripts: readonly [readonly string[], ...(readonly string[])[]] = [
  ['set -eu', 'echo ready'],
  ['for name in git curl jq; do', '  apt-get install -y "$name"', 'done', '', 'echo "${HOME} $${egg.name}"'],
  ['docker login -u "${CI_USER:-ci}" --password-stdin', 'echo "}" # a brace of the shell'],
];

/** A valid Egg as a person would write it; each is different. */
export function makeEgg(random: Random, index: number): string {
  const team = random.pick(teams);
  const name = `${team}-${random.pick(['build', 'test', 'deploy'])}-${index}`;
  const blocks = [gitlab(random, name), runner(random, team)];
  if (random.isLikely(0.8)) blocks.push(cloud(random));
  if (random.isLikely(0.8)) blocks.push(resources(random));
  if (random.isLikely(0.5)) blocks.push(environment(random));
  const comment = random.isLikely(0.4) ? `# Runners of ${team}: ask them first\n` : '';
  const body = [`  type = ${quote(random.pick(['vm', 'serverless', 'auto']))}`, ...random.shuffle(blocks)];
  return `${comment}egg ${quote(name)} {\n${body.join('\n\n')}\n}\n`;
}

function block(name: string, lines: readonly string[]): string {
  return `  ${name} {\n${lines.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}\n  }`;
}

function cloud(random: Random): string {
  const provider = random.pick(['aws', 'yandex']);
  const lines = [
    `provider = ${quote(provider)}`,
    `region = ${quote(provider === 'aws' ? 'eu-central-1' : 'ru-central1-a')}`,
  ];
  if (random.isLikely(0.4)) lines.push(`spot = ${quote(random.pick(['never', 'prefer', 'only']))}`);
  if (random.isLikely(0.3)) lines.push(`zones = ["a", "b", "c"]`);
  return block('cloud', lines);
}

function resources(random: Random): string {
  const memory = random.isLikely(0.5) ? String(1024 * (1 + random.int(16))) : '"8GiB"';
  return block('resources', [
    `cpu    = ${1 + random.int(16)}`,
    `memory = ${memory} # enough`,
    `disk   = ${20 + random.int(80)}`,
  ]);
}

function runner(random: Random, team: string): string {
  const lines = [
    `tags         = ["${team}", "docker", "linux"]`,
    `concurrent   = ${1 + random.int(9)}`,
    `idle_timeout = "${5 + random.int(40)}m"`,
  ];
  if (random.isLikely(0.4)) lines.push(`executor = ${quote(random.pick(['docker', 'shell']))}`);
  if (random.isLikely(0.3)) lines.push(`locked = ${random.pick(['true', 'false'])}`);
  const script = random.pick(scripts);
  if (random.isLikely(0.6)) {
    lines.push('pre_build_script = <<-EOT', ...script.map((line) => (line === '' ? '' : `  ${line}`)), 'EOT');
  }
  return block('runner', lines);
}

function gitlab(random: Random, name: string): string {
  const scope = random.pick(['project_id', 'group_id']);
  const lines = [`server = "gitlab.example.com"`, `${scope} = ${1000 + random.int(9000)}`];
  if (random.isLikely(0.5)) lines.push(`token_secret = "vault://ci/${name}/runner-token"`);
  return block('gitlab', lines);
}

function environment(random: Random): string {
  return block('environment', [
    'DOCKER_DRIVER = "overlay2"',
    'CACHE_KEY = "${egg.name}-cache"',
    `GOMAXPROCS = "${1 + random.int(16)}"`,
  ]);
}

function quote(text: string): string {
  return `"${text}"`;
}
