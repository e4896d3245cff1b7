import { apiCheck, clockCheck } from './back-end.ts';
import type { Check } from './check.ts';
import { configCheck, dataDirCheck, jobUserCheck, secretsCheck } from './installation.ts';
import { gitCheck, gitlabRunnerCheck, nodeCheck, tofuCheck } from './tools.ts';

/** Everything `gosling doctor` looks at, in the order it is shown. */
export const checks: readonly Check[] = [
  nodeCheck,
  gitCheck,
  tofuCheck,
  gitlabRunnerCheck,
  configCheck,
  dataDirCheck,
  secretsCheck,
  jobUserCheck,
  apiCheck,
  clockCheck,
];
