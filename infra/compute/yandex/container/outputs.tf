output "container" {
  description = "Id and address of the container."
  value = {
    id  = yandex_serverless_container.runner.id
    url = yandex_serverless_container.runner.url
  }
}
