import type { Tool, ToolSource, ToolVersion } from '@polar-gosling/api-contract';
import type { SourceReference, ToolView } from '@polar-gosling/engine';
import type { HttpContext } from '../context.ts';
import type { Handlers } from '../mount.ts';

type ToolHandlers = Pick<Handlers, 'listTools' | 'changeTool'>;

/** Versions of OpenTofu and of the agent. */
export function toolHandlers({ engine: { tools } }: HttpContext): ToolHandlers {
  return {
    async listTools({ query, signal }) {
      const items = (await tools.list({ signal })).map(toWireTool);
      if (query.available === undefined) return { items };
      const { repository } = query;
      const source = { kind: 'github', ...(repository !== undefined && { repository }) } as const;
      return {
        items,
        available: [...(await tools.available({ kind: query.available, source }, { signal }))],
      };
    },
    async changeTool({ caller, params: { kind }, body, signal }) {
      if (body.action === 'install') {
        const { version, platform, use } = body;
        const request = { kind, version, use, source: fromWire(body.source) };
        const asked = { ...request, ...(platform !== undefined && { platform }) };
        return { status: 'accepted', id: await tools.install(caller, asked, { signal }) };
      }
      if (body.action === 'use') {
        const { version, sha256 } = body;
        await tools.use(caller, { kind, version, sha256 }, { signal });
      } else await tools.rollback(caller, kind, { signal });
      return { status: 'accepted' };
    },
  };
}

function fromWire(source: ToolSource): SourceReference {
  const { auth, ...plain } = source;
  const named = plain.kind === 'github' ? githubOf(plain) : plain;
  if (auth === undefined) return named;
  const { secret_ref: secretRef } = auth;
  return {
    ...named,
    auth:
      auth.kind === 'header'
        ? { kind: 'header', name: auth.name, secretRef }
        : { kind: auth.kind, secretRef },
  };
}

function githubOf({ repository }: { repository?: string | undefined }): SourceReference {
  return { kind: 'github', ...(repository !== undefined && { repository }) };
}

function toWireTool(view: ToolView): Tool {
  const { kind, platform, running } = view;
  return { kind, platform, ...(running && { running }), versions: view.versions.map(toWireVersion) };
}

function toWireVersion(row: ToolView['versions'][number]): ToolVersion {
  const { code, detail }: { code?: string; detail?: string } = row.problem ?? {};
  return {
    ...(row.state !== undefined && { id: row.version_id }),
    version: row.release,
    source: row.source,
    platform: row.platform,
    active: row.active,
    state: row.state ?? 'installed',
    ...(row.sha256_hash !== undefined && { sha256: row.sha256_hash }),
    ...(row.proved_by !== undefined && { proved_by: row.proved_by }),
    ...(row.downloaded_at !== undefined && { downloaded_at: row.downloaded_at }),
    ...(row.state === 'wanted' && row.progress !== undefined && { progress: row.progress }),
    ...(row.state === 'failed' && code !== undefined && { problem: { code, detail: detail ?? '' } }),
  };
}
