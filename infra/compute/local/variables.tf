variable "entry" {
  description = "The runner: rendered once, when it was launched, and never changed."
  type = object({
    runner_id       = string
    egg_name        = string
    name            = string
    provider        = string
    type            = string
    gosling_url     = string
    bootstrap_token = string
    cpu             = number
    memory_mib      = number
    disk_gib        = number
    tags            = map(string)
    image           = optional(string)
    executor        = optional(string)
    privileged      = optional(bool)
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.entry.runner_id))
    error_message = "A runner id has 1 to 63 of a-z, 0-9 and -, and does not start with -."
  }
}

variable "launcher" {
  description = "Where the launcher keeps its runners, and the agent it starts: command with arguments, environment; the container it stands in, else it is a process."
  type = object({
    data_dir      = string
    agent_command = list(string)
    agent_env     = map(string)
    container = optional(object({
      socket  = string
      image   = string
      network = string
      mounts  = list(string)
      relay   = optional(string)
    }))
  })

  validation {
    condition     = startswith(var.launcher.data_dir, "/") && length(var.launcher.agent_command) > 0
    error_message = "The data directory is an absolute path, and the agent's command is not empty."
  }
}

variable "module_version" {
  description = "Version of this module. A new one changes no machine."
  type        = string
}

variable "machine_revision" {
  description = "Raised by hand when living machines must be replaced; the planner drains them, OpenTofu changes nothing."
  type        = number
}
