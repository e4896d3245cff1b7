/** A pipeline schedule; the simulator stores and plays it, but never runs it by its cron line. */
export interface PipelineSchedule {
  readonly id: number;
  readonly projectId: number;
  readonly createdAtMs: number;
  ownerId: number;
  description: string;
  ref: string;
  cron: string;
  cronTimezone: string;
  isActive: boolean;
  updatedAtMs: number;
  lastPipelineId: number | undefined;
}
