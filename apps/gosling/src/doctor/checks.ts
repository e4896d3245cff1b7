import { apiCheck, clockCheck } from './back-end.ts';
import type { Check } from './check.ts';
import { cloudsCheck } from './clouds.ts';
import { engineChecks } from './engines.ts';
import { gitlabCheck, nestCheck } from './gitlab.ts';
import { configCheck, dataDirCheck, localRunnersCheck } from './installation.ts';
import { memoryCheck } from './memory.ts';
import { gitCheck, gitlabRunnerCheck, nodeCheck, tofuCheck } from './tools.ts';

/** Everything `gosling doctor` looks at, in the order it is shown. */
export const checks: readonly Check[] = [
  nodeCheck,
  gitCheck,
  tofuCheck,
  gitlabRunnerCheck,
  configCheck,
  dataDirCheck,
  ...engineChecks,
  localRunnersCheck,
  cloudsCheck,
  memoryCheck,
  nestCheck,
  gitlabCheck,
  apiCheck,
  clockCheck,
];
