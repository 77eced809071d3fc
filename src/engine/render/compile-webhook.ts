import { hasLiquid } from "../../domain/template/has-liquid.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { RenderScope } from "../liquid/liquid.js";
import {
  type ChannelRenderer,
  type Destination,
  type RenderContext,
  renderJson,
  resolveChannelSetting,
  type TemplateReader,
} from "./channel-renderer.js";

type RenderPairs = (scope: RenderScope) => { key: string; value: string }[];

/** Compiles headers or query parameters: a list of pairs, or a text that renders as a JSON object (section 6.6 of the format). */
function compilePairs(template: TemplateReader, name: string): RenderPairs {
  const objectTemplate = template.compileText(name);
  if (objectTemplate !== null) {
    return (scope) =>
      Object.entries(renderJson(objectTemplate, scope, template.getFieldPath(name)) ?? {}).map(([key, value]) => ({
        key,
        value: typeof value === "string" ? value : JSON.stringify(value),
      }));
  }
  const pairs = template
    .getList(name)
    .map((pair) => ({ key: pair.compileText("key"), value: pair.compileText("value") }));
  return (scope) => pairs.map(({ key, value }) => ({ key: key?.(scope) ?? "", value: value?.(scope) ?? "" }));
}

const METHODS_WITH_BODY = new Set(["post", "put", "patch"]); // PATCH: EQ-53

/**
 * Returns the destination of the request, with the signing key if the key contains Liquid. Empty if that key renders as
 * empty text (E-195, CH-205).
 */
function resolveWebhookDestinations(context: RenderContext): Destination[] {
  const to: Destination = { address: "webhook", snapshot: null };
  if (!hasLiquid(context.channel.settings.signing_key)) return [to];
  const key = resolveChannelSetting("signing_key", context);
  return key === null ? [] : [{ ...to, secrets: { signing_key: key } }];
}

/**
 * Compiles a webhook step. Its content document describes the request; the API does not define one, so the format is
 * this project's own (CH-200, T-213).
 */
export function compileWebhook(template: TemplateReader): ChannelRenderer {
  const method = template.getSource("method").toLowerCase();
  const url = template.compileText("url");
  const headers = compilePairs(template, "headers");
  const query = compilePairs(template, "query_params");
  const body = template.compileText("body");
  return {
    missingData: "the channel's signing_key is empty once rendered",
    resolveDestinations: (context) => resolveWebhookDestinations(context),
    render({ scope }): JsonObject {
      const text = METHODS_WITH_BODY.has(method) ? (body?.(scope) ?? null) : null;
      let parsed: unknown = null;
      try {
        parsed = text === null ? null : JSON.parse(text);
      } catch {
        parsed = text;
      }
      return {
        __typename: "MessageWebhookContent",
        method,
        url: url?.(scope) ?? "",
        headers: headers(scope),
        query_params: query(scope),
        body: isJsonObject(parsed) || Array.isArray(parsed) ? parsed : text,
      };
    },
  };
}
