# One runner on Yandex Cloud: a VM, or an asynchronous invocation of a container that its like share.
#
# Nothing of a living runner is ever changed: `ignore_changes = all`. Removal is by the runner's id alone.
locals {
  is_vm  = var.entry.type == "vm"
  labels = merge(var.entry.tags, { "polar-gosling-module" = replace(var.module_version, ".", "-") })

  # With no service account there are no tokens to get; with one, the Egg's author wants its jobs to have them.
  tokens = var.entry.role == null ? 2 : 1
}

resource "yandex_compute_instance" "runner" {
  count = local.is_vm ? 1 : 0

  name               = var.entry.name
  platform_id        = var.entry.instance_type
  zone               = var.entry.zone
  service_account_id = var.entry.role
  labels             = local.labels

  resources {
    cores  = var.entry.cpu
    memory = var.entry.memory_mib / 1024
    gpus   = var.entry.gpus > 0 ? var.entry.gpus : null
  }

  boot_disk {
    auto_delete = true

    initialize_params {
      image_id = coalesce(var.image_id, var.entry.image)
      size     = var.entry.disk_gib
      type     = "network-ssd"
    }
  }

  network_interface {
    subnet_id          = var.entry.subnet_id
    nat                = var.entry.public_ip
    security_group_ids = var.entry.security_group_ids
  }

  scheduling_policy {
    preemptible = var.entry.spot
  }

  # 1 allows, 2 forbids. cloud-init reads its user data from the first; nothing may be had without asking for it.
  metadata_options {
    gce_http_endpoint    = 1
    gce_http_token       = local.tokens
    aws_v1_http_endpoint = 2
    aws_v1_http_token    = 2
  }

  metadata = {
    user-data = base64decode(var.user_data)
  }

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}

# An invocation is a request, which OpenTofu has no resource for: this is its record, and our backend sends the request.
resource "terraform_data" "runner" {
  count = local.is_vm ? 0 : 1

  input = {
    runner_id    = var.entry.runner_id
    machine_hash = var.entry.machine_hash
    container    = var.container
  }

  lifecycle {
    ignore_changes = all
  }
}
