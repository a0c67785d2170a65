/** The parameters each endpoint knows, by the vendor's own list. An unknown one is refused, a known one may mean nothing here. */
import { PAGE_PARAMS } from './listing.ts'

function names(text: string): ReadonlySet<string> {
  return new Set(['expand', ...text.split(/\s+/).filter((name) => name !== '')])
}

function paged(text = ''): ReadonlySet<string> {
  return new Set([...PAGE_PARAMS, ...text.split(' ').filter((name) => name !== '')])
}

const INTENT_DETAILS = `amount_details capture_method allowed_payment_method_types excluded_payment_method_types hooks
  payment_details payment_method payment_method_data payment_method_options receipt_email setup_future_usage shipping`
const SETUP_DETAILS = 'payment_method payment_method_data payment_method_options'
const CUSTOMER_DETAILS = `address balance business_name cash_balance description email individual_name invoice_prefix
  invoice_settings metadata name next_invoice_sequence phone preferred_locales shipping source tax tax_exempt validate`

export const ONLY_EXPAND = names('')

export const INTENT = {
  create: names(`amount currency application_fee_amount automatic_payment_methods confirm confirmation_method
    confirmation_token customer customer_account description error_on_requires_action mandate mandate_data metadata
    off_session on_behalf_of payment_method_configuration radar_options return_url statement_descriptor
    statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk ${INTENT_DETAILS}`),
  update: names(`amount application_fee_amount currency customer customer_account description metadata
    payment_method_configuration statement_descriptor statement_descriptor_suffix transfer_data transfer_group
    ${INTENT_DETAILS}`),
  confirm: names(`amount_to_confirm confirmation_token error_on_requires_action mandate mandate_data off_session
    radar_options return_url use_stripe_sdk ${INTENT_DETAILS}`),
  capture: names(`amount_details amount_to_capture application_fee_amount final_capture hooks metadata payment_details
    statement_descriptor statement_descriptor_suffix transfer_data`),
  cancel: names('cancellation_reason'),
  list: paged('created customer customer_account'),
}

export const SETUP = {
  create: names(`allowed_payment_method_types attach_to_self automatic_payment_methods confirm confirmation_token customer
    customer_account description excluded_payment_method_types flow_directions mandate_data metadata on_behalf_of
    payment_method_configuration return_url single_use usage use_stripe_sdk ${SETUP_DETAILS}`),
  update: names(`allowed_payment_method_types attach_to_self customer customer_account description
    excluded_payment_method_types flow_directions metadata payment_method_configuration ${SETUP_DETAILS}`),
  confirm: names(`allowed_payment_method_types confirmation_token mandate_data return_url use_stripe_sdk ${SETUP_DETAILS}`),
  list: paged('attach_to_self created customer customer_account payment_method'),
}

export const CUSTOMER = {
  create: names(`payment_method tax_id_data test_clock ${CUSTOMER_DETAILS}`),
  update: names(`default_source ${CUSTOMER_DETAILS}`),
  list: paged('created email test_clock'),
  methods: paged('allow_redisplay type'),
}

export const METHOD = {
  create: names('allow_redisplay billing_details card customer metadata payment_method radar_options type'),
  update: names('allow_redisplay billing_details card metadata'),
  attach: names('customer customer_account'),
  list: paged('allow_redisplay customer customer_account type'),
}

export const REFUND = {
  create: names(`amount charge currency customer instructions_email metadata origin payment_intent reason
    refund_application_fee reverse_transfer`),
  update: names('metadata'),
  list: paged('charge created payment_intent'),
}

export const SESSION = {
  create: names(`adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types automatic_tax
    billing_address_collection branding_settings cancel_url client_reference_id consent_collection currency custom_fields
    custom_text customer customer_account customer_creation customer_email customer_update discounts
    excluded_payment_method_types expires_at integration_identifier invoice_creation line_items locale managed_payments
    metadata mode name_collection optional_items origin_context payment_intent_data payment_method_collection
    payment_method_configuration payment_method_data payment_method_options permissions phone_number_collection
    redirect_on_completion return_url saved_payment_method_options setup_intent_data shipping_address_collection
    shipping_options submit_type subscription_data success_url tax_id_collection ui_mode wallet_options`),
  update: names('collected_information line_items metadata payment_intent_data shipping_options'),
  list: paged('created customer customer_account payment_intent status'),
}

export const CHARGE = {
  update: names('customer description fraud_details metadata receipt_email shipping transfer_group'),
  list: paged('created customer payment_intent transfer_group'),
}

export const DISPUTE = {
  update: names('evidence intended_submission_method metadata submit'),
  list: paged('charge created payment_intent'),
}

export const TRANSFER = {
  create: names('amount currency description destination metadata source_transaction source_type transfer_group'),
  list: paged('created destination transfer_group'),
}

export const EVENT_LIST = paged('created delivery_success type types')
export const TRANSACTION_LIST = paged('created currency payout source type')
export const PAYOUT_LIST = paged('created status')
export const REVIEW_LIST = paged('created')
export const PAGED = paged()
export const SEARCH = names('limit page query')
