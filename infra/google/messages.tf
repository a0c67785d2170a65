# Topics, and for each message function a push subscription of its own with a dead-letter topic of its own.
#
# A function's own event trigger would make its subscription somewhere we cannot see: no dead letter, no filter, an ack
# deadline that is not the function's. So the functions have no trigger, and the subscriptions call them. Pub/Sub tries again
# until it is acknowledged or dead, which is what RETRY_POLICY_RETRY would be. A bare push is a CloudEvent to the framework.
resource "google_pubsub_topic" "topic" {
  for_each = toset(local.cloud.topics)

  name                       = each.value
  message_retention_duration = "604800s"
  labels                     = local.labels

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.used]
}

resource "google_pubsub_subscription" "push" {
  for_each = local.cloud.subscriptions

  name   = each.key
  topic  = google_pubsub_topic.topic[each.value.topic].id
  filter = each.value.filter
  labels = local.labels

  # The push times out with it. A message is a nudge: after a day its record was swept long ago.
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "86400s"

  # Never ends by itself; by default it would after 31 days without a message.
  expiration_policy {
    ttl = ""
  }

  retry_policy {
    minimum_backoff = each.value.backoff_min
    maximum_backoff = each.value.backoff_max
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = each.value.delivery_attempts_max
  }

  # By the path the framework tells the topic.
  push_config {
    push_endpoint = "${google_cloudfunctions2_function.function[each.key].service_config[0].uri}/projects/${var.project_id}/topics/${each.value.topic}"

    oidc_token {
      service_account_email = google_service_account.pusher.email
      audience              = google_cloudfunctions2_function.function[each.key].service_config[0].uri
    }
  }
}

resource "google_pubsub_topic" "dead" {
  for_each = local.cloud.subscriptions

  name   = "${each.key}-dead"
  labels = local.labels

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# A topic that nobody subscribes to keeps nothing: dead letters wait here for a person.
resource "google_pubsub_subscription" "dead" {
  for_each = local.cloud.subscriptions

  name                       = "${each.key}-dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"
  labels                     = local.labels

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves a dead letter: it must publish there and acknowledge here, or nothing ever becomes one.
resource "google_pubsub_topic_iam_member" "burier" {
  for_each = local.cloud.subscriptions

  topic  = google_pubsub_topic.dead[each.key].id
  role   = "roles/pubsub.publisher"
  member = google_project_service_identity.agent["pubsub.googleapis.com"].member
}

resource "google_pubsub_subscription_iam_member" "burier" {
  for_each = local.cloud.subscriptions

  subscription = google_pubsub_subscription.push[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.agent["pubsub.googleapis.com"].member
}
