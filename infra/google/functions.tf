# The functions, each with what its declaration says.
#
# Terraform owns what a function is (identity, memory, secrets, who may call); the deploy owns which code runs and which
# revision has the traffic. So Terraform gives a function its first code and then looks away from it: neither undoes the other.
# For a new project: "npm run build", make the bucket (terraform apply -target=google_storage_bucket.bundles), put the bundles into it
# (npm run deploy -- --project P --upload-only), apply the rest.
resource "google_storage_bucket" "bundles" {
  name                        = "${var.project_id}-bundles"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  versioning {
    enabled = true
  }
}

resource "google_artifact_registry_repository" "containers" {
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"
  labels        = local.labels

  cleanup_policies {
    id     = "keep-ten"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }
}

resource "google_cloudfunctions2_function" "function" {
  for_each = local.cloud.functions

  name        = each.key
  location    = var.region
  description = each.value.impact
  labels      = merge(local.labels, { area = each.value.area, kind = each.value.kind })

  build_config {
    runtime           = "nodejs24"
    entry_point       = each.key
    docker_repository = google_artifact_registry_repository.containers.id
    service_account   = google_service_account.builder.id

    source {
      storage_source {
        bucket = google_storage_bucket.bundles.name
        object = "${each.key}/${lookup(local.bundles, each.key, "none")}.zip"
      }
    }
  }

  service_config {
    available_cpu                    = each.value.cpu
    available_memory                 = each.value.memory
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = var.warm ? each.value.instances_min : 0
    max_instance_count               = each.value.instances_max
    timeout_seconds                  = each.value.timeout_seconds
    ingress_settings                 = each.value.ingress
    all_traffic_on_latest_revision   = true
    service_account_email            = google_service_account.area[each.value.area].email

    environment_variables = merge(var.settings, {
      NODE_ENV       = "production"
      GCP_PROJECT_ID = var.project_id
      PUBLIC_URL     = "https://${var.public_host}"
    })

    # By number: an instance reads them when it starts, and all must read the same.
    dynamic "secret_environment_variables" {
      for_each = [for name in each.value.secrets : name if contains(keys(var.secret_versions), name)]

      content {
        key        = secret_environment_variables.value
        project_id = var.project_id
        secret     = google_secret_manager_secret.secret[secret_environment_variables.value].secret_id
        version    = var.secret_versions[secret_environment_variables.value]
      }
    }
  }

  lifecycle {
    ignore_changes = [build_config[0].source, service_config[0].all_traffic_on_latest_revision]

    precondition {
      condition     = alltrue([for name in each.value.secrets_required : contains(keys(var.secret_versions), name)])
      error_message = "${each.key} does not start without ${join(", ", each.value.secrets_required)}: put each into Secret Manager and name its version in secret_versions."
    }

    precondition {
      condition     = alltrue([for name in each.value.settings_required : contains(keys(var.settings), name)])
      error_message = "${each.key} does not start without ${join(", ", each.value.settings_required)}: set each in settings."
    }
  }

  depends_on = [google_project_service.used, google_secret_manager_secret_iam_member.reader, google_project_iam_member.builder]
}

# Hosting reaches a function as the public does; the function itself asks for the token or the signature. What runs on a
# clock or a message has no such line: only its own caller may.
resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = toset(local.cloud.public_functions)

  name     = google_cloudfunctions2_function.function[each.value].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "scheduled" {
  for_each = local.cloud.schedules

  name     = google_cloudfunctions2_function.function[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler.member
}

resource "google_cloud_run_v2_service_iam_member" "pushed" {
  for_each = local.cloud.subscriptions

  name     = google_cloudfunctions2_function.function[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.pusher.member
}
