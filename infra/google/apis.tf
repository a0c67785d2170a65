# Parts of Google that must be switched on. They stay on when Terraform forgets them.
resource "google_project_service" "used" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firebase.googleapis.com",
    "firebasehosting.googleapis.com",
    "firestore.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
  ])

  service            = each.value
  disable_on_destroy = false
}

# As whom these two act with us. Google makes them on first use; the rights that they need are given before.
resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = toset(["firestore.googleapis.com", "pubsub.googleapis.com"])

  service    = each.value
  depends_on = [google_project_service.used]
}
