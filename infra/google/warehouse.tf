# Datasets, append-only tables and the views over them: infra/warehouse/tables.ts says which. No function ever makes one.
resource "google_bigquery_dataset" "dataset" {
  for_each = toset(local.cloud.datasets)

  dataset_id                 = each.value
  location                   = var.warehouse_location
  delete_contents_on_destroy = false
  labels                     = local.labels

  depends_on = [google_project_service.used]
}

resource "google_bigquery_table" "table" {
  for_each = local.cloud.tables

  dataset_id               = google_bigquery_dataset.dataset[each.value.dataset].dataset_id
  table_id                 = each.value.name
  schema                   = each.value.schema
  clustering               = each.value.clustered_by
  require_partition_filter = each.value.require_partition_filter
  deletion_protection      = true
  labels                   = local.labels

  time_partitioning {
    type          = "DAY"
    field         = each.value.partitioned_by
    expiration_ms = each.value.expiration_ms
  }
}

resource "google_bigquery_table" "view" {
  for_each = local.cloud.views

  dataset_id          = google_bigquery_dataset.dataset[each.value.dataset].dataset_id
  table_id            = each.value.name
  deletion_protection = false
  labels              = local.labels

  view {
    query          = replace(each.value.query, "PROJECT.", "${var.project_id}.")
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.table]
}
