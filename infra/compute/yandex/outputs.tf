output "runner_id" {
  description = "Id of the runner."
  value       = var.entry.runner_id
}

output "machine_id" {
  description = "Id of the instance, or of the record that a serverless runner has."
  value       = local.is_vm ? one(yandex_compute_instance.runner[*].id) : one(terraform_data.runner[*].id)
}

output "state" {
  description = "What the cloud last said of a VM: `running`, or another word; null for an invocation, which shows nothing."
  value       = one([for vm in yandex_compute_instance.runner : lower(vm.status)])
}

output "start" {
  description = "What has to be invoked for a serverless runner to be; null for a VM."
  value       = local.is_vm ? null : one(terraform_data.runner[*].output.container)
}
