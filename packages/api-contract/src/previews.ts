import { z } from 'zod';
import { ConfigChange, Replacement } from './rollback.ts';
import type { RouteTable } from './route.ts';

const mebibyte = 1024 * 1024;

/** The `.fly` files of a Nest that is not in force. */
export const PreviewRequest = z.strictObject({
  files: z
    .array(
      z.strictObject({
        path: z
          .string()
          .max(400)
          .regex(/\.fly$/),
        text: z.string().max(mebibyte),
      }),
    )
    .max(5_000),
  /** The commit they are of; absent: a working tree. */
  commit: z
    .string()
    .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    .optional(),
});
export type PreviewRequest = z.infer<typeof PreviewRequest>;

export const PreviewEgg = z.object({
  name: z.string(),
  file: z.string(),
  /** `invalid`: its file has errors, what is in force stays. */
  change: z.enum(['new', 'changed', 'removed', 'invalid']),
  changes: z.array(ConfigChange),
  /** Its machines change: runners are replaced. */
  replaces: z.boolean(),
  ends_pin: z.boolean(),
  /** Warm runners that are launched at once. */
  launches: z.int(),
  runners: Replacement,
});
export type PreviewEgg = z.infer<typeof PreviewEgg>;

/** What the sync of these files would do. */
export const Preview = z.object({
  /** The commit in force. */
  against: z.string().optional(),
  status: z.enum(['success', 'partial', 'held']),
  /** Why it would wait for `gosling sync --confirm`. */
  held: z.array(z.object({ rule: z.string(), why: z.string() })),
  eggs: z.array(PreviewEgg),
  unchanged: z.int(),
  changes_policies: z.boolean(),
  diagnostics: z.array(
    z.object({
      code: z.string(),
      severity: z.string(),
      message: z.string(),
      file: z.string(),
      line: z.int(),
      column: z.int(),
    }),
  ),
});
export type Preview = z.infer<typeof Preview>;

export const previewRoutes = {
  previewNest: {
    method: 'POST',
    path: '/previews',
    summary: 'What a commit or a working tree would create, change and kill; changes nothing',
    auth: 'api',
    wholeInstallation: true,
    body: PreviewRequest,
    maxBodyBytes: 4 * mebibyte,
    success: { status: 200, schema: Preview },
    errors: [413],
  },
} as const satisfies RouteTable;
