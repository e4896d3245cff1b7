import type { CloudComputeSettings } from '@polar-gosling/domain';
import { parseJson } from '@polar-gosling/kernel';
import { z } from 'zod';

const name = z.string().min(1).max(2_000);
const shared = {
  subnets: z.record(name, name).default({}),
  security_groups: z.array(name).default([]),
  runner_image: name.optional(),
  log_group: name.optional(),
};

const Aws = z.strictObject({
  ...shared,
  task_role: name.optional(),
  cluster: name.optional(),
  execution_role: name.optional(),
});
const Yandex = z.strictObject({
  ...shared,
  cloud_id: name,
  folder_id: name,
  service_account: name.optional(),
  network_id: name.optional(),
  invoker: name.optional(),
});

/** The file of `GOSLING_CLOUDS`; strict, since a misspelt name would be nothing. */
const CloudsFile = z.strictObject({ aws: Aws.optional(), yandex: Yandex.optional() });

/** The clouds that an installation makes machines in. */
export interface CloudsSettings {
  readonly aws?: { readonly compute: CloudComputeSettings };
  readonly yandex?: {
    readonly compute: CloudComputeSettings;
    readonly cloudId: string;
    readonly folderId: string;
  };
}

export type CloudsReading =
  | { readonly kind: 'ok'; readonly clouds: CloudsSettings }
  /** Every problem, with its place. */
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export function parseClouds(text: string): CloudsReading {
  const json = parseJson(text);
  if (json === undefined) return { kind: 'wrong', problems: ['it is no JSON'] };
  const parsed = CloudsFile.safeParse(json);
  if (parsed.success) return { kind: 'ok', clouds: settingsOf(parsed.data) };
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return { kind: 'wrong', problems };
}

function settingsOf({ aws, yandex }: z.infer<typeof CloudsFile>): CloudsSettings {
  return {
    ...(aws && {
      aws: { compute: computeOf({ ...aws, role: aws.task_role }) },
    }),
    ...(yandex && {
      yandex: {
        compute: computeOf({ ...yandex, role: yandex.service_account }),
        cloudId: yandex.cloud_id,
        folderId: yandex.folder_id,
      },
    }),
  };
}

type Given = z.infer<typeof Aws> | z.infer<typeof Yandex>;

function computeOf(given: Given & { role: string | undefined }): CloudComputeSettings {
  const fields = {
    runnerImage: given.runner_image,
    role: given.role,
    cluster: 'cluster' in given ? given.cluster : undefined,
    executionRole: 'execution_role' in given ? given.execution_role : undefined,
    logGroup: given.log_group,
    networkId: 'network_id' in given ? given.network_id : undefined,
    folderId: 'folder_id' in given ? given.folder_id : undefined,
    invoker: 'invoker' in given ? given.invoker : undefined,
  };
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { subnets: given.subnets, securityGroups: given.security_groups, ...set };
}
