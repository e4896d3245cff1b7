export {
  type ConfigProblem,
  type ConfigReading,
  type Environment,
  type MothergooseConfig,
  readConfig,
} from './config.ts';
export { type AppDeps, createApp } from './http/app.ts';
export { httpErrors, webhookErrors } from './http/http-errors.ts';
export type { HttpLimits } from './http/limits.ts';
export { createMetrics, type Metrics } from './metrics/prometheus.ts';
export { type RunningServer, type ServerDeps, startServer } from './server.ts';
