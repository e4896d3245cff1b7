# One runner of the provider "local": a container of this host's Docker Engine, or a process of its own session.
#
# The machine and the command that starts it are two resources. A resource whose create command failed or was
# interrupted is tainted, and OpenTofu removes a tainted one without its destroy command: the process would stay for
# ever. `runner` has no create command, so it is never tainted, and it is made before anything is started.
#
# No value is ever part of a command: all go by environment. The state holds what removal needs and no more; the
# one-time token is not in it.
resource "terraform_data" "runner" {
  input = {
    runner_id        = var.entry.runner_id
    data_dir         = var.launcher.data_dir
    module_version   = var.module_version
    machine_revision = var.machine_revision
  }

  lifecycle {
    ignore_changes = all
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

# Starts the machine at most once: repeated, it leaves a living one alone and starts none that has lived.
resource "terraform_data" "start" {
  input = terraform_data.runner.id

  lifecycle {
    ignore_changes = all
  }

  provisioner "local-exec" {
    command = "exec \"$GOSLING_DATA_DIR/bin/node\" \"$GOSLING_DATA_DIR/bin/launcher.mjs\" start"
    quiet   = true
    environment = {
      GOSLING_DATA_DIR      = var.launcher.data_dir
      GOSLING_ENTRY         = jsonencode(var.entry)
      GOSLING_AGENT_COMMAND = jsonencode(var.launcher.agent_command)
      GOSLING_AGENT_ENV     = jsonencode(var.launcher.agent_env)
      GOSLING_CONTAINER     = jsonencode(var.launcher.container)
    }
  }
}
