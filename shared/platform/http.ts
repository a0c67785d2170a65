/** Calls to vendors that have no client of their own: JSON over HTTPS, always with a deadline. */

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly deadlineMs: number
}

/** `lost`: no answer came; the call may have taken effect. */
export type HttpResult =
  | { readonly lost: false; readonly status: number; readonly headers: Headers; readonly body: unknown }
  | { readonly lost: true; readonly reason: string }

export async function callHttp(request: HttpRequest): Promise<HttpResult> {
  try {
    const answer = await fetch(request.url, {
      method: request.method,
      headers: { accept: 'application/json', ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(request.deadlineMs),
    })
    const text = await answer.text()
    return { lost: false, status: answer.status, headers: answer.headers, body: parsed(text) }
  } catch (error) {
    return { lost: true, reason: error instanceof Error ? `${error.name}: ${error.message}` : 'no answer' }
  }
}

/** A body that is not JSON (a proxy's error page) is kept as text. */
function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
