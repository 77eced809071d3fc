import { isJsonObject, type JsonObject } from "../../../util/json.js";
import type { RenderScope } from "../../liquid/liquid.js";
import { RenderError } from "../../liquid/render-error.js";

/** Headers that the email's own fields set. Overrides cannot replace them. */
const RESERVED_HEADERS = new Set([
  ...["from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "sender"],
  ...["content-type", "content-transfer-encoding", "content-disposition"],
]);

/** Builds the headers with which mail programs offer to unsubscribe. Empty unless the workflow is commercial (T-240). */
function buildUnsubscribeHeaders({ workflow, vars }: RenderScope): Record<string, string> {
  const url = isJsonObject(vars) ? vars.commercial_unsubscribe_url : null;
  if (!isJsonObject(workflow) || workflow.commercial !== true || typeof url !== "string") return {};
  return { "List-Unsubscribe": `<${url}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" };
}

/**
 * Builds the additional headers of an email: those to unsubscribe, and the `headers` of the JSON overrides as texts. Null if
 * there are no additional headers. Throws {@link RenderError} for invalid or reserved names and for line breaks (CH-090).
 */
export function buildEmailHeaders(scope: RenderScope, overrides: JsonObject | null): JsonObject | null {
  const headers: JsonObject = buildUnsubscribeHeaders(scope);
  const overriddenHeaders = overrides?.headers ?? {};
  if (!isJsonObject(overriddenHeaders)) throw new RenderError("json_overrides.headers must be an object");
  for (const [name, value] of Object.entries(overriddenHeaders)) {
    const fieldPath = `json_overrides.headers[${JSON.stringify(name)}]`;
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new RenderError(`${fieldPath} is not a valid header name`);
    if (RESERVED_HEADERS.has(name.toLowerCase())) throw new RenderError(`${fieldPath} cannot be overridden`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (/[\r\n\0]/.test(text)) throw new RenderError(`${fieldPath} must not contain line breaks`);
    for (const known of Object.keys(headers)) if (known.toLowerCase() === name.toLowerCase()) delete headers[known];
    headers[name] = text;
  }
  return Object.keys(headers).length === 0 ? null : headers;
}
