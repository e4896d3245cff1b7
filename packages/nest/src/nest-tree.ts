import type { CloudProvider } from '@polar-gosling/domain';
import { formatFly } from '@polar-gosling/fly';
import { quote } from './fly-text.ts';
import type { NestFile } from './nest-read.ts';

export interface NestTreeOptions {
  readonly cloud: CloudProvider;
  /** Absent: the first region most people take of that cloud. */
  readonly region?: string;
}

const firstRegion: Readonly<Record<CloudProvider, string | undefined>> = {
  aws: 'eu-central-1',
  yandex: 'ru-central1',
  local: undefined,
};

/** The files of a new Nest, as `gosling init` writes them: valid, formatted, and with a place for everything. */
export function nestTree(options: NestTreeOptions): NestFile[] {
  return [
    { path: '.gitignore', text: gitignore },
    { path: '.gitlab-ci.yml', text: gitlabCi },
    { path: 'Eggs/.gitkeep', text: '' },
    { path: 'Jobs/.gitkeep', text: '' },
    { path: 'MG/config.fly', text: motherGooseFile(options) },
    { path: 'README.md', text: readme },
    { path: 'UF/config.fly', text: formatFly(uglyFoxFile) },
  ];
}

const readme = `# Nest

This repository says which GitLab projects get runners, where they run and how many there are. Polar Gosling reads it
and keeps the runners as it says.

| | |
|---|---|
| \`Eggs/NAME/config.fly\` | one pool of runners, for a project or a group: \`gosling add egg NAME\` |
| \`Jobs/NAME.fly\` | jobs that run on a schedule |
| \`UF/config.fly\` | when runners are removed, and how many are kept warm |
| \`MG/config.fly\` | the cloud of the services, and of Eggs that name none |

Before you commit: \`gosling validate\`. What happens now: \`gosling status\`. Why a CI job waits: \`gosling why JOB-URL\`.

No secret belongs into this repository: put it into the secret store with \`gosling secret put\` and write its reference.
`;

const gitignore = `# Keys and tokens belong into the secret store.
*.key
*.pem
.env
.gosling/
`;

const gitlabCi = `# Checks the Nest on every push and merge request.
# GOSLING_IMAGE is a CI/CD variable with the image of gosling.
validate:
  image: $GOSLING_IMAGE
  script:
    - gosling validate --format gitlab > gl-code-quality-report.json || gosling validate
  artifacts:
    when: always
    reports:
      codequality: gl-code-quality-report.json
`;

function motherGooseFile({ cloud, region = firstRegion[cloud] }: NestTreeOptions): string {
  const place = region === undefined ? '' : `\n    region = ${quote(region)}`;
  return formatFly(`# Where MotherGoose runs, and every Egg that names no cloud of its own.
mothergoose {
  cloud {
    provider = ${quote(cloud)}${place}
  }
}
`);
}

const uglyFoxFile = `# When runners are removed, parked or kept warm.
uglyfox {
  pruning {
    failed_threshold = 3 # consecutive failures of the runner itself
    max_age = "24h"
    check_interval = "5m"
  }

  # Sizes of the two tiers of some Eggs; without one, an Egg has as many runners as its jobs need.
  # runners_condition "default" {
  #   eggs_entities = ["my-app"]
  #
  #   apex {
  #     min_count = 1
  #     max_count = 10
  #   }
  #
  #   nadir {
  #     max_count    = 2
  #     idle_timeout = "30m"
  #   }
  # }

  policies {
    rule "terminate_old_failed" {
      condition = "failed_count >= 2 AND age > 1h"
      action = "terminate"
    }
  }
}
`;
