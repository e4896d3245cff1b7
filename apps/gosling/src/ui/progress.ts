import { createJsonProgress } from './progress-json.ts';
import { createPlainProgress } from './progress-plain.ts';
import { createTreeProgress } from './progress-tree.ts';
import type { Progress, ProgressOptions } from './stage.ts';

export type { Progress, ProgressOptions } from './stage.ts';

/** A tree with elapsed times on a terminal, plain lines when piped, JSON lines with `json`. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.json === true) return createJsonProgress(options);
  return options.isTty ? createTreeProgress(options) : createPlainProgress(options);
}
