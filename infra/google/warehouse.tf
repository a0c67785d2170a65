# Datasets, append-only tables and the views over them: shared/domain/warehouse.ts says which. No function ever makes one.
# Columns that are added come by "npm run warehouse -- apply" or by Terraform, whichever is first: both read the one declaration.
resource "google_bigquery_dataset" "dataset" {
  for_each = toset(local.cloud.datasets)

  dataset_id                 = lookup(local.dataset_names, each.value, each.value)
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
    query          = replace(replace(replace(replace(each.value.query, "PROJECT.commerce.", "${var.project_id}.${local.dataset_names.commerce}."), "PROJECT.analytics.", "${var.project_id}.${local.dataset_names.analytics}."), "PROJECT.customer_memory.", "${var.project_id}.${local.dataset_names.customer_memory}."), "PROJECT.", "${var.project_id}.")
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.table]
}
