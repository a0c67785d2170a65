# What wakes somebody. What the shop itself notices (money, breakers, signatures, backlogs) it tells through PagerDuty and the
# log; here is what only Google can see, and the way by e-mail for the rest. Every policy leads to its page in the runbook.
resource "google_monitoring_notification_channel" "email" {
  display_name = "Staff of ${var.public_host}"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

# One for each function, in the words of its own declaration.
resource "google_monitoring_alert_policy" "function" {
  for_each = local.cloud.functions

  display_name          = "${each.key} fails"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = { area = each.value.area, kind = each.value.kind }

  conditions {
    display_name = "more than ${each.value.failures_max} failures in 5 minutes"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${each.key}\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.failures_max
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    content   = "${each.value.impact}\n\n[What to do](${var.runbook_url}/functions.md#${each.key})"
    mime_type = "text/markdown"
  }

  depends_on = [google_cloudfunctions2_function.function]
}

# What the shop itself tells, by e-mail: whoever has no PagerDuty hears of it too.
resource "google_monitoring_alert_policy" "told" {
  display_name          = "The shop tells of something"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "an alert in the log"

    condition_matched_log {
      filter           = "resource.type=\"cloud_run_revision\" AND jsonPayload.metric=\"alerts\" AND severity>=ERROR"
      label_extractors = { alert = "EXTRACT(jsonPayload.alert)", severity = "EXTRACT(jsonPayload.alertSeverity)" }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    content   = "The alert's key stands in its labels; what comes before the first slash is the page: ${var.runbook_url}/README.md"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  for_each = local.cloud.subscriptions

  display_name          = "${each.key} gave messages up"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "a message went to ${each.key}-dead"

    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${each.key}\" AND metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/dead-messages.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "waiting" {
  for_each = local.cloud.subscriptions

  display_name          = "Messages wait for ${each.key}"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "the oldest has waited for 5 minutes"

    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${each.key}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 300
      duration        = "300s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/waiting-messages.md)"
    mime_type = "text/markdown"
  }
}

resource "google_logging_metric" "database_errors" {
  name   = "database-errors"
  filter = "resource.type=\"cloud_run_revision\" AND severity>=ERROR AND jsonPayload.code=\"DATABASE_ERROR\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "contention" {
  name   = "contention"
  filter = "resource.type=\"cloud_run_revision\" AND jsonPayload.why=~\"contention|too late to commit\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "no_instance" {
  name   = "no-instance"
  filter = "resource.type=\"cloud_run_revision\" AND textPayload=~\"no available instance\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "database_errors" {
  display_name          = "Firestore refuses calls"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "5 database errors in 5 minutes"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.database_errors.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 4
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/database-errors.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "contention" {
  display_name          = "Too many write one document"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "20 commits given up in 5 minutes"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.contention.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 19
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/contention.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "no_instance" {
  display_name          = "A function is at its limit of instances"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "a request found no instance"

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.no_instance.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/no-instance.md)"
    mime_type = "text/markdown"
  }
}

# 16 TiB a day are 100 dollars.
resource "google_monitoring_alert_policy" "warehouse_cost" {
  display_name          = "BigQuery costs more than 100 dollars a day"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "16 TiB billed in a day"

    condition_threshold {
      filter          = "resource.type=\"global\" AND metric.type=\"bigquery.googleapis.com/query/statement_scanned_bytes_billed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 17592186044416
      duration        = "0s"

      aggregations {
        alignment_period     = "86400s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/cost.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "export" {
  display_name          = "The nightly export was not begun"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "an attempt was refused"

    condition_matched_log {
      filter = "resource.type=\"cloud_scheduler_job\" AND resource.labels.job_id=\"${google_cloud_scheduler_job.export.name}\" AND severity>=ERROR"
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/export.md)"
    mime_type = "text/markdown"
  }
}

# Asked from outside, through the front door.
resource "google_monitoring_uptime_check_config" "probe" {
  for_each = toset(["health", "healthz"])

  display_name = "https://${var.public_host}/${each.value}"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = "/${each.value}"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = var.public_host }
  }
}

resource "google_monitoring_alert_policy" "probe" {
  for_each = toset(["health", "healthz"])

  display_name          = "The shop does not answer /${each.value}"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "seen from more than one place"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.probe[each.value].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.labels.host"]
      }
    }
  }

  documentation {
    content   = "[What to do](${var.runbook_url}/platform/down.md)"
    mime_type = "text/markdown"
  }
}
