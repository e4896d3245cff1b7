import type { TofuCheck } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import type { UiDiagnostic } from './json-lines.ts';

/** What is used of `checks` in `show -json`. */
export const ShownChecks = z
  .array(
    z.object({
      address: z.object({ to_display: z.string(), kind: z.string().optional(), name: z.string().optional() }),
      status: z.string(),
      instances: z
        .array(z.object({ problems: z.array(z.object({ message: z.string() })).default([]) }))
        .default([]),
    }),
  )
  .default([]);

const statuses = ['pass', 'fail', 'error'] as const;

/** The `check` blocks among the checks of a plan; conditions of variables and resources are checks to OpenTofu, too. */
export function readChecks(shown: z.infer<typeof ShownChecks>): readonly TofuCheck[] {
  return shown
    .filter(({ address }) => address.kind === 'check')
    .map(({ address, status, instances }) => ({
      name: address.name ?? address.to_display,
      status: statuses.find((one) => one === status) ?? 'unknown',
      problems: instances.flatMap(({ problems }) => problems.map(({ message }) => message)),
    }));
}

/**
 * The same checks after an apply that went well: it looks at each of them again, and tells of those that do not hold
 * by a warning and of the others nothing.
 */
export function checksAfterApply(
  planned: readonly TofuCheck[],
  warnings: readonly UiDiagnostic[],
): readonly TofuCheck[] {
  return planned.map(({ name }) => {
    const told = warnings.filter((warning) => checkOf(warning) === name);
    const isFailed = told.some(({ summary }) => /^Check block assertion failed/.test(summary));
    const problems = told.map(({ summary, detail }) => (isFailed ? detail : `${summary}: ${detail}`));
    if (told.length === 0) return { name, status: 'pass', problems };
    return { name, status: isFailed ? 'fail' : 'error', problems };
  });
}

/** The check a warning is about: by its place, else by what it reads, which has the check's name. */
function checkOf({ snippet, address }: UiDiagnostic): string | undefined {
  const place = /^check "([^"]+)"/.exec(snippet?.context ?? '')?.[1];
  return place ?? /^data\.\w+\.(\w+)$/.exec(address ?? '')?.[1];
}
