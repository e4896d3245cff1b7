# A runner of the provider "local": a process of its own session on this host.
#
# - No value is ever part of a command: all go by environment.
# - The create provisioner may fail without failing the resource (the caller sees "provision_errored"): a tainted
#   resource would be removed without its destroy provisioner, and a process that did start would stay for ever.
# - The state holds what removal needs and no more; the one-time token is not in it.
resource "terraform_data" "runner" {
  for_each = var.runners

  input = {
    runner_id        = each.key
    data_dir         = var.launcher.data_dir
    module_version   = var.module_version
    machine_revision = var.machine_revision
  }

  lifecycle {
    ignore_changes = all
  }

  provisioner "local-exec" {
    command    = "exec \"$GOSLING_DATA_DIR/bin/node\" \"$GOSLING_DATA_DIR/bin/launcher.mjs\" start"
    quiet      = true
    on_failure = continue
    environment = {
      GOSLING_DATA_DIR      = var.launcher.data_dir
      GOSLING_ENTRY         = jsonencode(each.value)
      GOSLING_AGENT_COMMAND = jsonencode(var.launcher.agent_command)
      GOSLING_AGENT_ENV     = jsonencode(var.launcher.agent_env)
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "exec \"$GOSLING_DATA_DIR/bin/node\" \"$GOSLING_DATA_DIR/bin/launcher.mjs\" stop"
    quiet   = true
    environment = {
      GOSLING_DATA_DIR  = self.input.data_dir
      GOSLING_RUNNER_ID = self.input.runner_id
    }
  }
}
