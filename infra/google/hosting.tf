# The front door: Firebase Hosting. Which path leads to which function stands in firebase.json, which is generated as well and
# released with the static files by the deploy; here are the site and its name.
resource "google_firebase_project" "this" {
  provider = google-beta

  project    = var.project_id
  depends_on = [google_project_service.used]
}

resource "google_firebase_hosting_site" "shop" {
  provider = google-beta

  project = google_firebase_project.this.project
  site_id = var.project_id
}

resource "google_firebase_hosting_custom_domain" "shop" {
  provider = google-beta

  project               = google_firebase_project.this.project
  site_id               = google_firebase_hosting_site.shop.site_id
  custom_domain         = var.public_host
  cert_preference       = "GROUPED"
  wait_dns_verification = false
}
