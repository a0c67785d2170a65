# terraform apply -var-file=environments/dev.tfvars
project_id        = "countinghouse-dev"
environment       = "dev"
public_host       = "dev.shop.example.com"
warm              = false
github_repository = "shop-example/countinghouse"
alert_email       = "staff@shop.example.com"
runbook_url       = "https://github.com/shop-example/countinghouse/blob/main/infra/runbook"
billing_account   = "000000-000000-000000"
budget_dollars    = 50

settings = {
  SHOP_NAME          = "Countinghouse Shop"
  SQUARE_LOCATION_ID = "LOCATION"
  MAIL_FROM          = "Countinghouse Shop <orders@shop.example.com>"
  MAIL_REPLY_TO      = "help@shop.example.com"
}

secret_versions = {
  AUDIT_SEAL_KEY               = "1"
  CERTIFICATE_KEY              = "1"
  JWT_SECRET                   = "1"
  MASTER_KEY                   = "1"
  ORDER_ID_SECRET              = "1"
  PII_PEPPER                   = "1"
  RESEND_API_KEY               = "1"
  RESEND_WEBHOOK_SECRET        = "1"
  SQUARE_ACCESS_TOKEN          = "1"
  STRIPE_SECRET_KEY            = "1"
  SQUARE_WEBHOOK_SIGNATURE_KEY = "1"
  STRIPE_WEBHOOK_SECRET        = "1"
  WEBHOOK_SIGNING_SECRET       = "1"
}
