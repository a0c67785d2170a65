# generated.json is written by "npm run generate" from functions/index.ts, shared/domain/warehouse.ts and
# infra/firestore.indexes.json, and never by hand. Every for_each names one key of it.
locals {
  cloud = jsondecode(file("${path.module}/generated.json"))

  labels = { shop = "countinghouse", environment = var.environment }

  # Bundles that were built, by function; nothing is there before the first build.
  bundles = fileexists(var.manifest) ? { for bundle in jsondecode(file(var.manifest)) : bundle.name => bundle.hash } : {}

  # What the shop calls its datasets, where that is not what they are declared as.
  dataset_names = {
    commerce        = lookup(var.settings, "BQ_DATASET", "commerce")
    analytics       = lookup(var.settings, "LIGHTSPEED_BQ_DATASET", "analytics")
    customer_memory = lookup(var.settings, "MEMORY_DATASET_ID", "customer_memory")
  }

  # Who is told.
  channels = concat([google_monitoring_notification_channel.email.id], var.notification_channels)
}

data "google_project" "this" {
  project_id = var.project_id
}
