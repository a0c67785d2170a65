# What differs between dev, staging and prod; each has a file in environments/. Everything else is the same everywhere.

variable "project_id" {
  description = "The Google Cloud project."
  type        = string
}

variable "environment" {
  description = "dev, staging or prod: a label on everything."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment is dev, staging or prod."
  }
}

variable "region" {
  description = "Where functions run. Hosting is near in us-west1, us-central1, us-east1, europe-west1, asia-east1; firebase.json names the same."
  type        = string
  default     = "us-central1"
}

variable "store_location" {
  description = "Where Firestore lies; it can never be moved. A region costs half of a multi-region."
  type        = string
  default     = "us-central1"
}

variable "warehouse_location" {
  description = "Where BigQuery's datasets lie; they can never be moved."
  type        = string
  default     = "US"
}

variable "public_host" {
  description = "The shop's own host name, which Hosting serves: shop.example.com."
  type        = string
}

variable "settings" {
  description = "Settings of shared/platform/config.ts that are no secrets, by name: SHOP_NAME, TAX_RATES, SQUARE_LOCATION_ID, ..."
  type        = map(string)
}

variable "secret_versions" {
  description = "Which version of each secret the functions mount, by number. A secret without one is not mounted."
  type        = map(string)

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "Pin a number: what is mounted is read when an instance starts, and \"latest\" would differ between instances."
  }
}

variable "crons" {
  description = "Times that differ from those in the code, by function."
  type        = map(string)
  default     = {}
}

variable "warm" {
  description = "Whether the checkout path keeps instances warm."
  type        = bool
  default     = false
}

variable "manifest" {
  description = "What \"npm run build\" wrote: the hash of each function's bundle, by which its zip is called."
  type        = string
  default     = "../../dist/manifest.json"
}

variable "github_repository" {
  description = "Whose workflows on main may deploy: owner/name."
  type        = string
}

variable "alert_email" {
  description = "Who is told of every alert."
  type        = string
}

variable "notification_channels" {
  description = "Further channels, made by hand because they hold secrets (PagerDuty): projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
}

variable "runbook_url" {
  description = "Where infra/runbook can be read, without a slash at the end."
  type        = string
}

variable "billing_account" {
  description = "Which pays: 012345-6789AB-CDEF01."
  type        = string
}

variable "budget_dollars" {
  description = "Expected costs of a month."
  type        = number
}
