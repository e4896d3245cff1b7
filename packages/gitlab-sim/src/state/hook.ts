/** The event switches of a project webhook, in GitLab's order. */
export const hookTriggers = [
  'push_events',
  'issues_events',
  'confidential_issues_events',
  'merge_requests_events',
  'tag_push_events',
  'note_events',
  'confidential_note_events',
  'job_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'releases_events',
  'milestone_events',
  'emoji_events',
  'resource_access_token_events',
  'vulnerability_events',
  'resource_deploy_token_events',
] as const;
export type HookTrigger = (typeof hookTriggers)[number];

export interface Hook {
  readonly id: number;
  readonly projectId: number;
  readonly createdAtMs: number;
  url: string;
  name: string | undefined;
  description: string | undefined;
  token: string | undefined;
  signingToken: string | undefined;
  triggers: ReadonlySet<HookTrigger>;
  isSslVerified: boolean;
  pushBranchFilter: string;
  branchFilterStrategy: string;
  customHeaders: ReadonlyMap<string, string>;
  /** Failures in a row. */
  recentFailures: number;
  backoffCount: number;
  disabledUntilMs: number | undefined;
}

export interface HookDelivery {
  readonly id: number;
  readonly hookId: number;
  readonly projectId: number;
  readonly trigger: HookTrigger;
  readonly url: string;
  /** `webhook-id`: the same on every resend of one message. */
  readonly messageId: string;
  readonly kind: 'event' | 'resend' | 'test';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
  readonly durationMs: number;
  /** `dropped` by a fault, `skipped` because the hook was disabled; both were never sent. */
  readonly outcome: 'delivered' | 'failed' | 'dropped' | 'skipped';
  /** HTTP status of the receiver; absent when there was no answer. */
  readonly status: number | undefined;
  readonly responseBody: string;
  readonly error: string | undefined;
}
