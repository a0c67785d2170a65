/** Who acts, and by which call: what every audit event must be able to say. */
export interface Actor {
  /** `admin ann`, `customer c-1`, `guest`; for what runs by itself the function's own name. */
  readonly who: string
  /** The function. */
  readonly via: string
  readonly requestId: string | null
  /** Null for what runs by itself. */
  readonly ip: string | null
}
