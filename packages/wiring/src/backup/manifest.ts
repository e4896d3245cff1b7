import { parseJson, sha256Hex, stableJson } from '@polar-gosling/kernel';
import { z } from 'zod';

export const manifestName = 'manifest.json';
const formVersion = 1;

/** What an archive holds: the last entry of it, so that an archive that was cut off has none. */
export const BackupManifest = z.object({
  v: z.literal(formVersion),
  created_at: z.string(),
  /** The migration of the database. */
  schema: z.number().int().min(0),
  files: z.array(
    z.object({
      /** The entry of the archive. */
      entry: z.string(),
      /** Where it belongs below the data directory. */
      path: z.string(),
      size: z.number().int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type BackupManifest = z.infer<typeof BackupManifest>;
export type BackupFile = BackupManifest['files'][number];

export function writeManifest(manifest: BackupManifest): Uint8Array {
  const body = stableJson(manifest);
  return Buffer.from(`${JSON.stringify({ sha256: sha256Hex(body), manifest }, undefined, 1)}\n`);
}

/** The manifest, or `undefined` when it is not what was written. */
export function readManifest(bytes: Uint8Array): BackupManifest | undefined {
  const parsed = z
    .object({ sha256: z.string(), manifest: BackupManifest })
    .safeParse(parseJson(Buffer.from(bytes).toString('utf8')));
  if (!parsed.success) return undefined;
  const { sha256, manifest } = parsed.data;
  return sha256Hex(stableJson(manifest)) === sha256 ? manifest : undefined;
}
