# One page for each area: how much is asked, what fails, how long it takes, how many instances there are.
resource "google_monitoring_dashboard" "area" {
  for_each = local.cloud.areas

  dashboard_json = jsonencode({
    displayName = "Countinghouse: ${each.key}"
    gridLayout = {
      columns = "2"
      widgets = [
        {
          title = "Requests a minute"
          xyChart = { dataSets = [{ plotType = "STACKED_AREA", timeSeriesQuery = { timeSeriesFilter = {
            filter      = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", each.value.functions)}\")"
            aggregation = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM", groupByFields = ["resource.label.service_name"] }
          } } }] }
        },
        {
          title = "Failures a minute"
          xyChart = { dataSets = [{ plotType = "STACKED_BAR", timeSeriesQuery = { timeSeriesFilter = {
            filter      = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\" AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", each.value.functions)}\")"
            aggregation = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_SUM", groupByFields = ["resource.label.service_name"] }
          } } }] }
        },
        {
          title = "Milliseconds, 9 of 10 within"
          xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = { timeSeriesFilter = {
            filter      = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_latencies\" AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", each.value.functions)}\")"
            aggregation = { alignmentPeriod = "300s", perSeriesAligner = "ALIGN_DELTA", crossSeriesReducer = "REDUCE_PERCENTILE_90", groupByFields = ["resource.label.service_name"] }
          } } }] }
        },
        {
          title = "Instances"
          xyChart = { dataSets = [{ plotType = "STACKED_AREA", timeSeriesQuery = { timeSeriesFilter = {
            filter      = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/container/instance_count\" AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", each.value.functions)}\")"
            aggregation = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_MAX", crossSeriesReducer = "REDUCE_SUM", groupByFields = ["resource.label.service_name"] }
          } } }] }
        },
      ]
    }
  })
}
