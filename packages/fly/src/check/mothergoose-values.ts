import type { EnvironmentValues, Provider } from './values.ts';

export interface ComponentValues {
  readonly type?: string;
  readonly name?: string;
  readonly runtime?: string;
  /** MiB. */
  readonly memory?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly min_instances?: number;
  readonly max_instances?: number;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly service_account?: string;
  readonly env?: EnvironmentValues;
  readonly scaling?: {
    readonly metric?: string;
    readonly target_value?: number;
    readonly scale_up_threshold?: number;
    readonly scale_down_threshold?: number;
  };
}

export interface QueueValues {
  readonly name?: string;
  readonly visibility_timeout?: number;
  readonly message_retention?: number;
  readonly max_receives?: number;
  readonly dead_letter_queue?: string;
}

export interface TriggerValues {
  readonly type?: string;
  readonly name?: string;
  readonly schedule?: string;
  readonly target_function?: string;
  readonly endpoint?: string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly service_account?: string;
}

export interface TableValues {
  readonly name?: string;
  readonly primary_key?: readonly string[];
  readonly columns?: readonly Readonly<Record<string, string>>[];
  readonly global_secondary_index?: readonly {
    readonly name?: string;
    readonly partition_key?: string;
    readonly sort_key?: string;
  }[];
}

export interface BucketValues {
  readonly name?: string;
  readonly versioning?: boolean;
  readonly lifecycle_rules?: Readonly<Record<string, { readonly expiration_days?: number }>>;
}

/** The values of `mothergoose`; the names of the Python services are read as their present ones. */
export interface MothergooseValues {
  readonly cloud?: { readonly provider: Provider; readonly region?: string };
  readonly api_gateway?: {
    readonly type?: string;
    readonly name?: string;
    readonly openapi_spec?: string;
    readonly auth_function?: {
      readonly name?: string;
      readonly runtime?: string;
      readonly handler?: string;
      readonly memory?: number;
      readonly timeout?: number;
      readonly env?: EnvironmentValues;
    };
    readonly cors?: {
      readonly allowed_origins?: readonly string[];
      readonly allowed_methods?: readonly string[];
      readonly allowed_headers?: readonly string[];
    };
  };
  readonly api?: ComponentValues;
  readonly workers?: ComponentValues;
  readonly uglyfox?: ComponentValues;
  readonly message_queues?: {
    readonly type?: string;
    readonly webhook_queue?: QueueValues;
    readonly uglyfox_queue?: QueueValues;
    readonly dead_letter_queue?: readonly QueueValues[];
  };
  readonly triggers?: {
    readonly git_sync?: TriggerValues;
    readonly health_check?: TriggerValues;
    readonly metrics_collection?: TriggerValues;
  };
  readonly database?: {
    readonly type?: string;
    readonly name?: string;
    readonly mode?: string;
    readonly tables?: Readonly<Record<string, TableValues>>;
  };
  readonly storage?: {
    readonly type?: string;
    readonly state_bucket?: BucketValues;
    readonly binary_bucket?: BucketValues;
  };
  readonly service_accounts?: Readonly<
    Record<string, { readonly name?: string; readonly roles?: readonly string[] }>
  >;
}
