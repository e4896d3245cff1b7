import { z } from 'zod';
import type { RouteTable } from './route.ts';
import { Accepted, Time } from './wire.ts';

const ToolKind = z.enum(['tofu', 'gosling']);
const Sha256 = z.string().regex(/^[0-9a-fA-F]{64}$/);
const Sha256Start = z.string().regex(/^[0-9a-fA-F]{8,64}$/);
const SecretRef = z.string().min(1).max(512);

export const ToolVersion = z.object({
  /** Of what an installation answered, until that has ended well. */
  id: z.string().optional(),
  version: z.string(),
  source: z.enum(['github', 'other']),
  platform: z.string(),
  active: z.boolean(),
  /** `installed`: it is here. `wanted`: a worker fetches it. `failed`: see `problem`. */
  state: z.enum(['installed', 'wanted', 'failed']),
  sha256: z.string().optional(),
  proved_by: z.enum(['signature', 'checksum']).optional(),
  downloaded_at: Time.optional(),
  /** Of what a worker fetches, some seconds old; without `total_bytes` where the source does not say. */
  progress: z.object({ received_bytes: z.int(), total_bytes: z.int().optional() }).optional(),
  problem: z.object({ code: z.string(), detail: z.string() }).optional(),
});
export type ToolVersion = z.infer<typeof ToolVersion>;

export const Tool = z.object({
  kind: ToolKind,
  /** Of the workers. */
  platform: z.string(),
  running: z.object({ version: z.string(), source: z.string(), product: z.string() }).optional(),
  versions: z.array(ToolVersion),
});
export type Tool = z.infer<typeof Tool>;

export const ToolList = z.object({
  items: z.array(Tool),
  /** Versions that the source of `?available=` offers, newest first. */
  available: z.array(z.string()).optional(),
});
export type ToolList = z.infer<typeof ToolList>;

/** A secret is named by its reference, never sent. */
const SourceAuth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['bearer', 'token']), secret_ref: SecretRef }),
  z.strictObject({
    kind: z.literal('header'),
    name: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
    secret_ref: SecretRef,
  }),
]);

export const ToolSource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('github'),
    repository: z.string().max(200).optional(),
    auth: SourceAuth.optional(),
  }),
  z.strictObject({
    kind: z.literal('other'),
    url: z.string().max(2_000),
    sha256: Sha256,
    auth: SourceAuth.optional(),
  }),
]);
export type ToolSource = z.infer<typeof ToolSource>;

export const ToolRequest = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('install'),
    version: z.string().min(1).max(64),
    platform: z.string().max(40).optional(),
    source: ToolSource.default({ kind: 'github' }),
    use: z.boolean().default(false),
  }),
  z.strictObject({
    action: z.literal('use'),
    version: z.string().min(1).max(64),
    /** First digits of the SHA-256, for each platform that the version is here for in several builds. */
    sha256: z.array(Sha256Start).max(20).default([]),
  }),
  z.strictObject({ action: z.literal('rollback') }),
]);
export type ToolRequest = z.infer<typeof ToolRequest>;

export const ToolChange = Accepted.extend({
  /** Under which `GET /tools` shows how an installation goes; gone when it has ended well. */
  id: z.string().optional(),
});
export type ToolChange = z.infer<typeof ToolChange>;

export const toolRoutes = {
  listTools: {
    method: 'GET',
    path: '/tools',
    summary: 'Versions of OpenTofu and of the agent',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    query: z.strictObject({ available: ToolKind.optional(), repository: z.string().max(200).optional() }),
    success: { status: 200, schema: ToolList },
  },
  changeTool: {
    method: 'POST',
    path: '/tools/{kind}',
    summary: 'Install a version, use one, or go back to the one before',
    auth: 'api',
    role: 'admin',
    wholeInstallation: true,
    params: z.strictObject({ kind: ToolKind }),
    body: ToolRequest,
    success: { status: 202, schema: ToolChange },
    errors: [404, 409],
  },
} as const satisfies RouteTable;
