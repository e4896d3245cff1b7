import { z } from 'zod';

export const LoginAnswer = z.object({
  auth: z.object({
    client_token: z.string().min(1),
    /** Seconds; 0: for ever. */
    lease_duration: z.number(),
    renewable: z.boolean(),
  }),
});
export type LoginAnswer = z.infer<typeof LoginAnswer>;

export const LookupAnswer = z.object({
  data: z.object({ ttl: z.number(), renewable: z.boolean().default(false) }),
});

/** As it is: a record of zod would lose a field of the name `__proto__`. */
const fields = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** A version of a secret. One that was deleted has `data: null` and comes as 404. */
export const SecretAnswer = z.object({
  data: z.object({
    data: fields.nullable(),
    metadata: z.object({ version: z.number() }),
  }),
});

export const ListAnswer = z.object({ data: z.object({ keys: z.array(z.string()) }) });

export const WriteAnswer = z.object({ data: z.object({ version: z.number() }) });

/** Of 400 and of 404: empty when there is only nothing there. */
export const ErrorAnswer = z.object({ errors: z.array(z.string()) });

export const HealthAnswer = z.object({
  initialized: z.boolean(),
  sealed: z.boolean(),
  standby: z.boolean(),
  version: z.string().optional(),
  server_time_utc: z.number().optional(),
});

export type HealthAnswer = z.infer<typeof HealthAnswer>;

export const MountAnswer = z.object({
  data: z.object({ type: z.string(), options: z.record(z.string(), z.string()).nullable() }),
});
