output "runner_id" {
  description = "Id of the runner."
  value       = var.entry.runner_id
}

output "machine_id" {
  description = "Id of the instance, or of the ECS service."
  value       = local.is_vm ? one(aws_instance.runner[*].id) : one(aws_ecs_service.runner[*].id)
}

output "state" {
  description = "What the cloud last said: `running`, or another word."
  value       = local.is_vm ? one(aws_instance.runner[*].instance_state) : local.service_state
}
