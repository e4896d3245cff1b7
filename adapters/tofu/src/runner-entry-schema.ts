import { z } from 'zod';
import { runnerIdPattern } from './addresses.ts';

/** An entry as it was stored at launch. What an earlier release did not know is absent. */
export const RunnerEntry = z.strictObject({
  runner_id: z.string().regex(runnerIdPattern),
  egg_name: z.string(),
  name: z.string(),
  provider: z.enum(['local', 'aws', 'yandex']),
  type: z.enum(['vm', 'serverless']),
  gosling_url: z.string(),
  bootstrap_token: z.string(),
  cpu: z.number(),
  memory_mib: z.number(),
  disk_gib: z.number(),
  tags: z.record(z.string(), z.string()),
  machine_hash: z.string().optional(),
  container_key: z.string().optional(),
  executor: z.enum(['docker', 'shell']).optional(),
  privileged: z.boolean().optional(),
  arch: z.enum(['amd64', 'arm64']).optional(),
  image: z.string().optional(),
  instance_type: z.string().optional(),
  gpus: z.number().optional(),
  region: z.string().optional(),
  zone: z.string().optional(),
  spot: z.boolean().optional(),
  subnet_id: z.string().optional(),
  security_group_ids: z.array(z.string()).optional(),
  public_ip: z.boolean().optional(),
  role: z.string().optional(),
  ssh_user: z.string().optional(),
  ssh_public_keys: z.array(z.string()).optional(),
  gosling: z.strictObject({ version: z.string(), sha256: z.string() }).optional(),
  max_seconds: z.number().optional(),
  container: z
    .strictObject({
      cluster: z.string().optional(),
      execution_role: z.string().optional(),
      log_group: z.string().optional(),
      network_id: z.string().optional(),
      invoker: z.string().optional(),
    })
    .optional(),
});
export type RunnerEntry = z.infer<typeof RunnerEntry>;
