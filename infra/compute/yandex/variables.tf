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
    container_key      = optional(string)
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
    condition     = var.entry.type != "vm" || var.entry.image != null
    error_message = "A VM needs a machine image: name it in the Egg (cloud { image = \"…\" })."
  }

  validation {
    condition     = var.entry.type != "vm" || var.entry.subnet_id != null
    error_message = "A VM on Yandex Cloud needs a subnet: name it in the Egg (cloud { subnet = \"…\" }) or give the installation one."
  }
}

variable "image_id" {
  description = "Id of the boot disk's image; the entry's own when not given."
  type        = string
  default     = null
}

variable "container" {
  description = "What a serverless runner is an invocation of: the output of the module in container/."
  type = object({
    id  = string
    url = string
  })
  default = null
}

variable "user_data" {
  description = "cloud-init of a VM, base64. Ignored for a serverless runner."
  type        = string
  default     = ""
  sensitive   = true
}

variable "module_version" {
  description = "Version of this module. A new one changes no machine."
  type        = string
}

variable "machine_revision" {
  description = "Raised by hand when living machines must be replaced; the planner drains them, OpenTofu changes nothing."
  type        = number
}
