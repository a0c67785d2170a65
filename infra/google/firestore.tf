# The shop's store. Locks are pessimistic, which the code counts on: a transaction that waits is not run twice.
resource "google_firestore_database" "shop" {
  name                              = "(default)"
  location_id                       = var.store_location
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  depends_on = [google_project_service.used]
}

# infra/firestore.indexes.json, which the local cloud goes by as well: a query without its index fails here and there.
resource "google_firestore_index" "index" {
  for_each = local.cloud.indexes

  database    = google_firestore_database.shop.name
  collection  = each.value.collection
  query_scope = each.value.scope

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path   = fields.value.path
      order        = fields.value.order
      array_config = fields.value.array

      dynamic "vector_config" {
        for_each = fields.value.dimension == null ? [] : [fields.value.dimension]

        content {
          dimension = vector_config.value
          flat {}
        }
      }
    }
  }
}

# Documents that end by themselves. The field is in no index: moments that only grow would slow a collection down.
resource "google_firestore_field" "expiring" {
  for_each = local.cloud.expiring_fields

  database   = google_firestore_database.shop.name
  collection = each.value.collection
  field      = each.value.field

  ttl_config {}
  index_config {}
}

# Fields with other indexes than Firestore makes by itself; mostly none.
resource "google_firestore_field" "plain" {
  for_each = local.cloud.plain_fields

  database   = google_firestore_database.shop.name
  collection = each.value.collection
  field      = each.value.field

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes

      content {
        order        = indexes.value.order
        array_config = indexes.value.array
        query_scope  = indexes.value.scope
      }
    }
  }
}
