/** A vendor's event as it reached us, its signature checked. */
export interface VendorMessage {
  /** The vendor's id: the same event twice has the same one. */
  readonly id: string
  readonly type: string
  /** The body as the vendor sent it; or what is kept of it, where it holds more than we need. */
  readonly payload: string
  /** The order or the mail it is about, when it says so. */
  readonly subject: string | null
}
