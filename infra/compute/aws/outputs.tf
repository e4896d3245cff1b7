output "runner_id" {
  description = "Id of the runner."
  value       = var.entry.runner_id
}

output "machine_id" {
  description = "Id of the instance, or of the ECS service."
  value       = local.is_vm ? one(aws_instance.runner[*].id) : one(aws_ecs_service.runner[*].id)
}

output "state" {
  description = "What the cloud last said of a VM: `running`, or another word; null for a service, which shows nothing of its task."
  value       = one(aws_instance.runner[*].instance_state)
}
