// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a variable of a shell is written like this
import type { Random } from './random.ts';

const indents = ['  ', '    ', '\t'] as const;

/** A valid block of another kind than an Egg, indented in another way: as people copy them together. */
export function makeHurried(random: Random, index: number): string {
  const text = random.pick([makeBucket, makeJob, makeSmallEgg])(random, index);
  const indent = random.pick(indents);
  return text.replaceAll(/^( {2})+/gm, (blanks) => indent.repeat(blanks.length / 2));
}

function makeSmallEgg(random: Random, index: number): string {
  const lines = [
    `egg "app-${index}" {`,
    '  type = "vm"',
    ...oneOf(
      random,
      ['  resources { cpu = 4 }'],
      ['  resources {', '    cpu = 4', '    memory = "8GiB"', '  }'],
    ),
    '  runner {',
    `    tags = ["linux", "team-${random.int(90)}"]`,
    `    concurrent = ${1 + random.int(20)}`,
    '    run_untagged = true # all jobs',
    ...oneOf(random, ['    idle_timeout = "15m"'], ['    image = "alpine:3.22"']),
    '  }',
    '  gitlab {',
    `    group_id = ${100 + random.int(900)}`,
    '    server = "gitlab.example.com"',
    '    api_token_secret = "vault://ci/app/token"',
    '  }',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function makeBucket(random: Random, index: number): string {
  const repos = Array.from({ length: 1 + random.int(3) }, (_, at) => [
    `    repo "part-${at}" {`,
    '      gitlab {',
    `        project_id = ${1000 + index * 10 + at}`,
    '        server = "gitlab.example.com"',
    '      }',
    '    }',
  ]);
  const lines = [
    '# shared by all parts',
    `eggsbucket "bucket-${index}" {`,
    `  type = "${random.pick(['vm', 'auto'])}"`,
    '  cloud {',
    '    provider = "aws"',
    '    region = "eu-central-1"',
    '    spot = "prefer"',
    '  }',
    '  runner {',
    '    tags = ["docker", "arm"]',
    `    concurrent = ${1 + random.int(20)}`,
    '    locked = false',
    '  }',
    '  environment {',
    '    CACHE = "s3"',
    `    LEVEL = "${random.int(9)}"`,
    '  }',
    '  repositories {',
    ...repos.flat(),
    '  }',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function makeJob(random: Random, index: number): string {
  const lines = [
    `job "rotate-${index}" {`,
    `  schedule = "${random.int(60)} ${random.int(24)} * * *"`,
    '  script = <<-EOT',
    '    set -eu',
    '    echo "${EGG:-none}" { [ (',
    '    gosling status',
    '  EOT',
    '  runner {',
    '    type = "serverless"',
    '    tags = ["maintenance", "small"]',
    '  }',
    ...oneOf(random, ['  on_failure { notify = ["ops@example.com"] }'], []),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function oneOf(random: Random, ...choices: [readonly string[], ...(readonly string[])[]]): readonly string[] {
  return random.pick(choices);
}
