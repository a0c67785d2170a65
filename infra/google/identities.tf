# One identity for each area of functions, with what its code can reach and nothing more: infra/build/reach.ts finds out.
resource "google_service_account" "area" {
  for_each = local.cloud.areas

  account_id   = "shop-${each.key}"
  display_name = "Functions of ${each.key}"
}

# Firestore knows no rights by collection: whoever keeps anything may read and write documents, and no more (no
# indexes, no export, no deletion of the database).
resource "google_project_iam_member" "store" {
  for_each = toset(local.cloud.stored)

  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.area[each.value].member
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.cloud.publishers

  topic  = google_pubsub_topic.topic[each.value.topic].id
  role   = "roles/pubsub.publisher"
  member = google_service_account.area[each.value.area].member
}

resource "google_bigquery_dataset_iam_member" "filler" {
  for_each = local.cloud.fillers

  dataset_id = google_bigquery_dataset.dataset[each.value.dataset].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.area[each.value.area].member
}

resource "google_bigquery_dataset_iam_member" "asker" {
  for_each = local.cloud.askers

  dataset_id = google_bigquery_dataset.dataset[each.value.dataset].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.area[each.value.area].member
}

# To run a query at all.
resource "google_project_iam_member" "asking" {
  for_each = toset(local.cloud.asking)

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.area[each.value].member
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.cloud.secret_readers

  secret_id = google_secret_manager_secret.secret[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.area[each.value.area].member
}

# Scheduler and Pub/Sub call as these two; nobody else may call what runs on a clock or a message.
resource "google_service_account" "scheduler" {
  account_id   = "shop-calls-schedules"
  display_name = "Cloud Scheduler, calling functions"
}

resource "google_service_account" "pusher" {
  account_id   = "shop-calls-messages"
  display_name = "Pub/Sub, calling functions"
}

# Pub/Sub makes the token with which it calls.
resource "google_service_account_iam_member" "pusher_token" {
  service_account_id = google_service_account.pusher.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.agent["pubsub.googleapis.com"].member
}

# Cloud Build makes the functions' containers, and has no other rights.
resource "google_service_account" "builder" {
  account_id   = "shop-builds"
  display_name = "Cloud Build of the functions"
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/artifactregistry.writer", "roles/storage.objectViewer"])

  project = var.project_id
  role    = each.value
  member  = google_service_account.builder.member
}
