/** What we keep of a delivery: ids and states, never text people wrote. */
export interface DeliveryFacts {
  readonly kind: 'job' | 'pipeline' | 'push' | 'merge_request' | 'ignored';
  readonly projectId: number | undefined;
  readonly job?: {
    readonly id: number;
    readonly status: string;
    readonly name: string;
    readonly ref: string;
    readonly pipelineId: number;
    readonly queuedS?: number;
    readonly failureReason?: string;
  };
  readonly ref?: string;
  readonly after?: string;
}

type Body = Readonly<Record<string, unknown>>;

const nameKept = 255;

/** Reads what matters of GitLab's payload, by `object_kind` (the header says the same, but is not signed). */
export function readFacts(event: string, body: Body): DeliveryFacts {
  const project = number(body['project_id']) ?? number(object(body['project'])['id']);
  const kind = text(body['object_kind']) ?? event;
  switch (kind) {
    case 'build':
      return jobFacts(body, project);
    case 'pipeline':
      return { kind: 'pipeline', projectId: project };
    case 'push':
    case 'tag_push':
      return {
        kind: 'push',
        projectId: project,
        ...optional('ref', text(body['ref'])),
        ...optional('after', text(body['after'])),
      };
    case 'merge_request':
      return { kind: 'merge_request', projectId: project };
    default:
      return { kind: 'ignored', projectId: project };
  }
}

function jobFacts(body: Body, projectId: number | undefined): DeliveryFacts {
  const id = number(body['build_id']);
  const status = text(body['build_status']);
  if (id === undefined || status === undefined) return { kind: 'ignored', projectId };
  return {
    kind: 'job',
    projectId,
    job: {
      id,
      status,
      name: (text(body['build_name']) ?? '').slice(0, nameKept),
      ref: (text(body['ref']) ?? '').slice(0, nameKept),
      pipelineId: number(body['pipeline_id']) ?? 0,
      ...optional('queuedS', number(body['build_queued_duration'])),
      ...optional('failureReason', status === 'failed' ? text(body['build_failure_reason']) : undefined),
    },
  };
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function object(value: unknown): Body {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
