# What the state is restored from; infra/recovery and infra/runbook/restore.md say how.
#
# Three nets: any minute of the last 7 days (point in time, in the database itself); a backup of each day for 7 days and of each week
# for 4 weeks, which go with the project; an export of each night into a bucket that nobody can empty for 7 days.
# None is kept longer than 28 days: a customer who is forgotten is forgotten in them too, when they end.
resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.shop.name
  retention = "604800s"

  daily_recurrence {}
}

resource "google_firestore_backup_schedule" "weekly" {
  database  = google_firestore_database.shop.name
  retention = "2419200s"

  weekly_recurrence {
    day = "SUNDAY"
  }
}

resource "google_storage_bucket" "exports" {
  name                        = "${var.project_id}-exports"
  location                    = var.store_location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = local.labels

  retention_policy {
    retention_period = 604800
  }

  lifecycle_rule {
    condition {
      age = 28
    }

    action {
      type = "Delete"
    }
  }
}

resource "google_service_account" "exporter" {
  account_id   = "shop-exports"
  display_name = "Cloud Scheduler, asking Firestore for its export"
}

resource "google_project_iam_member" "exporter" {
  project = var.project_id
  role    = "roles/datastore.importExportAdmin"
  member  = google_service_account.exporter.member
}

resource "google_storage_bucket_iam_member" "exporter" {
  bucket = google_storage_bucket.exports.name
  role   = "roles/storage.admin"
  member = google_service_account.exporter.member
}

# Firestore writes the export as its own agent.
resource "google_storage_bucket_iam_member" "firestore" {
  bucket = google_storage_bucket.exports.name
  role   = "roles/storage.admin"
  member = google_project_service_identity.agent["firestore.googleapis.com"].member
}

resource "google_cloud_scheduler_job" "export" {
  name             = "export-firestore"
  region           = var.region
  description      = "Without it the store cannot be restored if the project's own backups are lost."
  schedule         = "15 8 * * *"
  time_zone        = "UTC"
  attempt_deadline = "60s"

  retry_config {
    retry_count          = 3
    min_backoff_duration = "60s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://firestore.googleapis.com/v1/${google_firestore_database.shop.id}:exportDocuments"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode({ outputUriPrefix = "gs://${google_storage_bucket.exports.name}" }))

    oauth_token {
      service_account_email = google_service_account.exporter.email
      scope                 = "https://www.googleapis.com/auth/datastore"
    }
  }
}
