output "runner_ids" {
  description = "Ids of the runners in the state."
  value       = [for id, _ in terraform_data.runner : id]
}
