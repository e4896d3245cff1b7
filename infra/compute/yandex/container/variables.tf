variable "entry" {
  description = "Entry of any runner that the container is for."
  type = object({
    egg_name      = string
    machine_hash  = string
    container_key = optional(string)
    gosling_url   = string
    cpu           = number
    memory_mib    = number
    disk_gib      = number
    tags          = map(string)
    image         = optional(string)
    role          = optional(string)
    max_seconds   = optional(number, 3600)
    container = optional(object({
      log_group  = optional(string)
      network_id = optional(string)
      invoker    = optional(string)
    }), {})
  })

  validation {
    condition     = var.entry.image != null
    error_message = "A serverless runner needs a container image: name it in the Egg (cloud { image = \"…\" }) or give the installation one."
  }

  validation {
    condition     = var.entry.max_seconds <= 3600
    error_message = "A container of Yandex Cloud runs for an hour at most."
  }
}

variable "shard" {
  description = "Shard of the state that the container is in: names are unique in a folder."
  type        = number
  default     = 0
}
