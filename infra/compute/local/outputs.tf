output "runner_id" {
  description = "Id of the runner."
  value       = var.entry.runner_id
}
