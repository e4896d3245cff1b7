import type { ConfigChange, Replacement } from '@polar-gosling/domain';

export interface RollbackRequest {
  readonly egg: string;
  /** A deployment, a plan or a commit; absent or `-1`: the deployment before. */
  readonly to?: string;
  /** Lifts the pin instead. */
  readonly unpin: boolean;
  /** Says what would be done, and writes nothing. */
  readonly dryRun: boolean;
}

/** What a rollback does, or would do. */
export interface RollbackView {
  readonly egg: string;
  /** `unpin`: the machines of the Nest come into force again. */
  readonly action: 'pin' | 'unpin';
  readonly dryRun: boolean;
  readonly before: { readonly machineHash: string; readonly commit: string };
  readonly after: {
    readonly machineHash: string;
    readonly commit: string;
    /** Whose machines come back; absent when a pin is lifted by name. */
    readonly deployment?: { readonly id: string; readonly state: string };
  };
  /** Value by value what changes of the configuration in force. */
  readonly changes: readonly ConfigChange[];
  /** What becomes of the runners that live now. */
  readonly runners: Replacement;
  /** Of a long-lived set alone: the plan that is armed for it and applied as it is, or that there is none. */
  readonly plan?:
    | {
        readonly id: string;
        readonly createdAt: number;
        readonly summary: { readonly add: number; readonly change: number; readonly destroy: number };
      }
    | 'made anew';
}
