# One runner on AWS: an EC2 instance, or a Fargate service that keeps one task.
#
# Nothing of a living runner is ever changed: `ignore_changes = all`. Removal is by the runner's id alone.
locals {
  is_vm = var.entry.type == "vm"
  tags  = merge(var.entry.tags, { Name = var.entry.name, "polar-gosling-module" = var.module_version })
}

resource "aws_instance" "runner" {
  count = local.is_vm ? 1 : 0

  region                               = var.entry.region
  ami                                  = coalesce(var.image_id, var.entry.image)
  instance_type                        = var.entry.instance_type
  availability_zone                    = var.entry.zone
  subnet_id                            = var.entry.subnet_id
  vpc_security_group_ids               = var.entry.security_group_ids
  associate_public_ip_address          = var.entry.public_ip
  iam_instance_profile                 = var.entry.role
  user_data_base64                     = var.user_data
  user_data_replace_on_change          = true
  instance_initiated_shutdown_behavior = "terminate"

  # Metadata by session only, and not from inside a container: one hop.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.entry.disk_gib
    encrypted             = true
    delete_on_termination = true
  }

  dynamic "instance_market_options" {
    for_each = var.entry.spot ? ["spot"] : []

    content {
      market_type = "spot"

      spot_options {
        spot_instance_type             = "one-time"
        instance_interruption_behavior = "terminate"
      }
    }
  }

  tags        = local.tags
  volume_tags = local.tags

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}

# A task has no resource of its own; a service that keeps one task is made and removed for real. It starts a task again
# that has ended, so the agent sleeps when it has finished, and `timeout` ends it for good after its hour.
resource "aws_ecs_task_definition" "runner" {
  count = local.is_vm ? 0 : 1

  region                   = var.entry.region
  family                   = var.entry.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.entry.cpu * 1024)
  memory                   = tostring(var.entry.memory_mib)
  execution_role_arn       = var.entry.container.execution_role
  task_role_arn            = var.entry.role

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.entry.arch == "arm64" ? "ARM64" : "X86_64"
  }

  ephemeral_storage {
    size_in_gib = min(200, max(21, var.entry.disk_gib))
  }

  container_definitions = jsonencode([merge(
    {
      name        = "runner"
      image       = var.entry.image
      essential   = true
      stopTimeout = 120
      entryPoint  = ["timeout", "--kill-after=120", tostring(var.entry.max_seconds), "gosling"]
      command     = ["runner", "--runner-id", var.entry.runner_id, "--egg-name", var.entry.egg_name]
      environment = [
        { name = "GOSLING_URL", value = var.entry.gosling_url },
        { name = "GOSLING_BOOTSTRAP_TOKEN", value = var.entry.bootstrap_token },
      ]
    },
    [
      for group in compact([var.entry.container.log_group]) : {
        logConfiguration = {
          logDriver = "awslogs"
          options = {
            awslogs-group         = group
            awslogs-region        = var.entry.region
            awslogs-stream-prefix = var.entry.egg_name
          }
        }
      }
    ]...
  )])

  tags = local.tags

  lifecycle {
    ignore_changes = all
  }
}

resource "aws_ecs_service" "runner" {
  count = local.is_vm ? 0 : 1

  region                             = var.entry.region
  name                               = var.entry.name
  cluster                            = var.entry.container.cluster
  task_definition                    = aws_ecs_task_definition.runner[0].arn
  desired_count                      = 1
  launch_type                        = var.entry.spot ? null : "FARGATE"
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  force_delete                       = true
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = false

  dynamic "capacity_provider_strategy" {
    for_each = var.entry.spot ? ["FARGATE_SPOT"] : []

    content {
      capacity_provider = capacity_provider_strategy.value
      weight            = 1
    }
  }

  network_configuration {
    subnets          = [var.entry.subnet_id]
    security_groups  = var.entry.security_group_ids
    assign_public_ip = var.entry.public_ip
  }

  tags = local.tags

  timeouts {
    create = "5m"
    delete = "5m"
  }

  lifecycle {
    ignore_changes = all
  }
}
