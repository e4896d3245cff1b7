variable "entry" {
  description = "The runner: rendered once, when it was launched, and never changed."
  type = object({
    runner_id          = string
    egg_name           = string
    name               = string
    provider           = string
    type               = string
    gosling_url        = string
    bootstrap_token    = string
    cpu                = number
    memory_mib         = number
    disk_gib           = number
    tags               = map(string)
    machine_hash       = string
    executor           = string
    arch               = string
    image              = optional(string)
    instance_type      = optional(string)
    gpus               = optional(number, 0)
    region             = optional(string)
    zone               = optional(string)
    spot               = optional(bool, false)
    subnet_id          = optional(string)
    security_group_ids = optional(list(string), [])
    public_ip          = optional(bool, false)
    role               = optional(string)
    max_seconds        = optional(number, 3600)
    gosling = optional(object({
      version = string
      sha256  = string
    }))
    container = optional(object({
      cluster        = optional(string)
      execution_role = optional(string)
      log_group      = optional(string)
      network_id     = optional(string)
      invoker        = optional(string)
    }), {})
  })

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.entry.runner_id))
    error_message = "A runner id has 1 to 63 of a-z, 0-9 and -, and does not start with -."
  }

  validation {
    condition     = contains(["vm", "serverless"], var.entry.type)
    error_message = "The type of a runner is vm or serverless."
  }

  validation {
    condition     = var.entry.type != "vm" || var.entry.gosling != null
    error_message = "There is no agent that a machine could fetch: this installation has published no gosling for it."
  }

  validation {
    condition     = var.entry.subnet_id != null
    error_message = "A runner on AWS needs a subnet: name it in the Egg (cloud { subnet = \"subnet-…\" }) or give the installation one."
  }

  validation {
    condition     = var.entry.type != "vm" || var.entry.image != null
    error_message = "A VM needs a machine image: name it in the Egg (cloud { image = \"…\" })."
  }

  validation {
    condition     = var.entry.type != "serverless" || var.entry.image != null
    error_message = "A serverless runner needs a container image: name it in the Egg (cloud { image = \"…\" }) or give the installation one."
  }

  validation {
    condition     = var.entry.type != "serverless" || (var.entry.container.cluster != null && var.entry.container.execution_role != null)
    error_message = "A serverless runner on AWS needs the installation's ECS cluster and execution role."
  }

  validation {
    condition     = var.entry.type != "serverless" || var.entry.max_seconds <= 3600
    error_message = "A serverless runner lives for an hour at most."
  }
}

variable "image_id" {
  description = "Id of a VM's image; the entry's own when not given."
  type        = string
  default     = null

  validation {
    condition     = var.entry.type != "vm" || !startswith(coalesce(var.image_id, var.entry.image, "-"), "resolve:")
    error_message = "The entry names its image by a parameter: give the id that the parameter holds."
  }
}

variable "user_data" {
  description = "cloud-init of a VM, base64, 16 KB before that. Ignored for a serverless runner."
  type        = string
  default     = ""
  sensitive   = true

  validation {
    condition     = length(var.user_data) <= 21848
    error_message = "EC2 takes 16 KB of user data; there are too many or too long SSH keys."
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
