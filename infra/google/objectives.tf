# What the shop promises, over 28 days. A decline or a refusal (4xx) is neither good nor bad: somebody was answered.
resource "google_monitoring_custom_service" "promised" {
  for_each = toset(local.cloud.promised)

  service_id   = each.value
  display_name = each.value
}

resource "google_monitoring_slo" "answered" {
  for_each = local.cloud.objectives

  service             = google_monitoring_custom_service.promised[each.value.function].service_id
  slo_id              = each.key
  display_name        = each.value.about
  goal                = each.value.goal
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      good_service_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${each.value.function}\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"2xx\""
      bad_service_filter  = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${each.value.function}\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
    }
  }
}

resource "google_monitoring_slo" "fast" {
  for_each = local.cloud.latencies

  service             = google_monitoring_custom_service.promised[each.value.function].service_id
  slo_id              = each.key
  display_name        = each.value.about
  goal                = each.value.goal
  rolling_period_days = 28

  request_based_sli {
    distribution_cut {
      distribution_filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${each.value.function}\" AND metric.type=\"run.googleapis.com/request_latencies\" AND metric.labels.response_code_class=\"2xx\""

      range {
        max = each.value.within_ms
      }
    }
  }
}

# A minute is good when nothing waited too long in it.
resource "google_monitoring_slo" "prompt" {
  for_each = local.cloud.waits

  service             = google_monitoring_custom_service.promised[each.value.function].service_id
  slo_id              = each.key
  display_name        = each.value.about
  goal                = each.value.goal
  rolling_period_days = 28

  windows_based_sli {
    window_period = "60s"

    metric_mean_in_range {
      time_series = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${each.value.function}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""

      range {
        max = each.value.seconds_max
      }
    }
  }
}

# Told when a promise would be broken long before its 28 days are over: the errors of two days used up in an hour.
resource "google_monitoring_alert_policy" "answered" {
  for_each = local.cloud.objectives

  display_name          = "Promise in danger: ${each.key}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.about

    condition_threshold {
      filter          = "select_slo_burn_rate(\"${google_monitoring_slo.answered[each.key].name}\", \"3600s\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "0s"
    }
  }

  documentation {
    content   = "${each.value.about}\n\n[What to do](${var.runbook_url}/platform/promise.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "fast" {
  for_each = local.cloud.latencies

  display_name          = "Promise in danger: ${each.key}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.about

    condition_threshold {
      filter     = "select_slo_burn_rate(\"${google_monitoring_slo.fast[each.key].name}\", \"3600s\")"
      comparison = "COMPARISON_GT"
      # One in ten may be slow: ten times as many is all of them.
      threshold_value = each.value.goal > 0.95 ? 10 : 4
      duration        = "0s"
    }
  }

  documentation {
    content   = "${each.value.about}\n\n[What to do](${var.runbook_url}/platform/promise.md)"
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "prompt" {
  for_each = local.cloud.waits

  display_name          = "Promise in danger: ${each.key}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.about

    condition_threshold {
      filter          = "select_slo_burn_rate(\"${google_monitoring_slo.prompt[each.key].name}\", \"3600s\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 10
      duration        = "0s"
    }
  }

  documentation {
    content   = "${each.value.about}\n\n[What to do](${var.runbook_url}/platform/promise.md)"
    mime_type = "text/markdown"
  }
}
