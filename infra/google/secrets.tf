# Secrets by name; their values never pass through Terraform, whose state would keep them. Put one in with
#   gcloud secrets versions add NAME --data-file=-
# and name its number in secret_versions.
resource "google_secret_manager_secret" "secret" {
  for_each = local.cloud.secrets

  secret_id = each.key
  labels    = merge(local.labels, { required = each.value.required ? "yes" : "no" })

  # What is destroyed by mistake can be had back for a week.
  version_destroy_ttl = "604800s"

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.used]
}
