# Scheduler calls what runs on a clock, as itself. It sends JSON by name: its own default is octet-stream, which the
# functions framework hands over as bytes.
resource "google_cloud_scheduler_job" "job" {
  for_each = local.cloud.schedules

  name             = each.key
  region           = var.region
  description      = each.value.about
  schedule         = lookup(var.crons, each.key, each.value.cron)
  time_zone        = each.value.time_zone
  attempt_deadline = each.value.attempt_deadline

  retry_config {
    retry_count          = each.value.retries
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.function[each.key].service_config[0].uri
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = google_cloudfunctions2_function.function[each.key].service_config[0].uri
    }
  }
}
