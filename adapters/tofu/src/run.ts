import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Logger } from '@polar-gosling/kernel';
import type { Blobs } from '@polar-gosling/ports/blobs';
import type { Machine } from '@polar-gosling/ports/machines';
import { type TofuCheck, type TofuRun, type TofuRunRequest, tofuErrors } from '@polar-gosling/ports/tofu';
import { createCommands } from './command.ts';
import type { TofuLimits } from './limits.ts';
import type { PreparedData } from './prepare.ts';
import type { Bundle } from './render.ts';
import { planFile, wipeRunDirectory } from './run-directory.ts';
import { createRunLog } from './run-log.ts';
import { adoptStep, applyStep, planStep, type StepContext, stateListStep } from './run-steps.ts';
import type { StatePlace } from './state-place.ts';

export interface RunParts {
  readonly request: TofuRunRequest;
  readonly bundle: Bundle;
  readonly runDir: string;
  readonly dataDir: string;
  readonly place: StatePlace;
  readonly host: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly prepared: PreparedData;
  readonly isLocked: boolean;
  readonly limits: TofuLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blobs: Blobs | undefined;
  mask(text: string): string;
}

/** One run in a directory that holds its bundle already. */
export function createRun(parts: RunParts): TofuRun {
  const { request, bundle, runDir, limits } = parts;
  const mask = (text: string) => parts.mask(hideAll(text, bundle.secrets));
  const log = createRunLog(limits.logBytes, mask);
  const givenUp = new AbortController();
  let pid: number | undefined;
  let work: Promise<unknown> = Promise.resolve();
  let checks: readonly TofuCheck[] = [];
  const commands = createCommands({
    ...{ program: parts.program, runDir, env: parts.env, hardEndAt: request.hardEndAt },
    ...{ graceMs: limits.graceMs, lineBytes: limits.lineBytes, answerBytes: limits.answerBytes },
    ...{ clock: parts.clock, log, mask },
    onEvent: (event) => request.onEvent(event),
    onStart(started) {
      pid = started;
      request.onProcess(started);
    },
  });
  const during = <Result>(
    signal: AbortSignal,
    step: (context: StepContext, signal: AbortSignal) => Promise<Result>,
  ) => {
    const result = step({ ...parts, commands, checks }, AbortSignal.any([signal, givenUp.signal]));
    work = result.catch(() => undefined);
    return result;
  };
  return {
    get pid() {
      return pid;
    },
    bundle: () => new Map([...bundle.withoutTokens()].map(([path, text]) => [path, mask(text)])),
    adopt: (strays: readonly Machine[], { signal }) =>
      during(signal, (context, inRun) => adoptStep(context, strays, inRun)),
    async plan({ signal }) {
      const plan = await during(signal, planStep);
      checks = plan.checks ?? [];
      return plan;
    },
    // Only an encrypted plan may leave this directory.
    savedPlan: async () =>
      parts.env['TF_ENCRYPTION'] === undefined ? undefined : readFile(join(runDir, planFile)),
    apply: ({ signal }) => during(signal, applyStep),
    stateList: ({ signal }) => during(signal, stateListStep),
    log: () => log.bytes(),
    async dispose() {
      givenUp.abort(tofuErrors.planFailed({ summary: 'the run was given up', detail: '' }));
      await work;
      await wipeRunDirectory(runDir);
    },
  };
}

function hideAll(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, '[secret]'), text);
}
