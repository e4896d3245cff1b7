# The container of all serverless runners with one key (in one shard): each runner is an asynchronous invocation of it,
# whose body names the runner. Nothing of one runner is in here, and the key covers all that is.
locals {
  slug   = trim(replace(lower(var.entry.egg_name), "/[^a-z0-9]+/", "-"), "-")
  before = "egg-${substr(local.slug, 0, 40)}-${substr(var.entry.machine_hash, 0, 8)}" # of an entry without a key
  suffix = var.shard == 0 ? "" : "-${var.shard}"
  labels = { for key, value in var.entry.tags : key => value if key != "polar-gosling-runner" }
}

resource "yandex_serverless_container" "runner" {
  name               = "${coalesce(var.entry.container_key, local.before)}${local.suffix}"
  description        = "Runners of one Egg; made and removed by Polar Gosling."
  memory             = var.entry.memory_mib
  cores              = var.entry.cpu
  core_fraction      = 100
  execution_timeout  = "${var.entry.max_seconds}s"
  concurrency        = 1
  service_account_id = var.entry.role
  labels             = local.labels

  runtime {
    type = "task"
  }

  async_invocation {
    service_account_id = var.entry.container.invoker
  }

  # The agent finds which runner it is in the invocation's body ($REQUEST_PATH).
  image {
    url     = var.entry.image
    command = ["gosling"]
    args    = ["runner"]
    environment = {
      GOSLING_URL = var.entry.gosling_url
    }
  }

  mounts {
    mount_point_path = "/builds"
    mode             = "rw"

    ephemeral_disk {
      size_gb = min(10, var.entry.disk_gib)
    }
  }

  metadata_options {
    gce_http_endpoint    = var.entry.role == null ? 2 : 1
    aws_v1_http_endpoint = 2
  }

  dynamic "connectivity" {
    for_each = compact([var.entry.container.network_id])

    content {
      network_id = connectivity.value
    }
  }

  dynamic "log_options" {
    for_each = compact([var.entry.container.log_group])

    content {
      log_group_id = log_options.value
    }
  }

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}
