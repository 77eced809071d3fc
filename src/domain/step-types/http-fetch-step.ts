import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { anyObject, described, isEmpty, optional, rule, text } from "../schema/fields.js";
import { describeInvalidMethod, httpMethodSchema, normalizeRequest, requestFields } from "../step/http-request.js";
import type { StepBase } from "../step/step.js";
import { defineStep, getSettings, type RawStep } from "../step/step-definition.js";
import { stepFields } from "../step/step-fields.js";

/** Fields that a shared request defines. They would be ignored in a step that uses one. */
const SHARED_FIELDS = ["url", "headers", "query_params", "body", "json_body", "signing_key"];

/**
 * Returns the schema of the step (section 9.4 of the format). A shared request defines its method and URL (E-305);
 * files may still contain a method.
 */
const schema = () =>
  z.strictObject({
    ...stepFields("http_fetch"),
    settings: described(
      z
        .strictObject({
          method: described(
            optional(httpMethodSchema()),
            "The method of the request. Required without reusable_step_key.",
          ),
          url: text("The URL of the request. Liquid."),
          ...requestFields(),
          reusable_step_key: text("The key of a shared request, which the step sends instead of its own."),
          inputs: described(optional(anyObject()), "Values that the shared request's templates read as inputs."),
        })
        .check(
          rule((settings, report) => {
            const { reusable_step_key: shared, method, url, inputs } = settings;
            if (!isEmpty(shared)) {
              for (const name of SHARED_FIELDS) {
                const value = settings[name];
                if (!isEmpty(value) && !(Array.isArray(value) && value.length === 0))
                  report([name], `cannot be combined with reusable_step_key: the request "${shared}" has its own`);
              }
              return;
            }
            if (method === undefined || method === null) report(["method"], describeInvalidMethod({}));
            if (isEmpty(url)) report(["url"], url === "" ? "must not be empty" : "is required (a string)");
            if (isJsonObject(inputs) && Object.keys(inputs).length > 0)
              report(["inputs"], "has no effect without reusable_step_key");
          }),
        ),
      "The request that the step sends.",
    ),
  });

function normalize({ settings }: RawStep<typeof schema>, base: StepBase) {
  return {
    ...base,
    type: "http_fetch" as const,
    settings: Object.assign(normalizeRequest(settings), {
      reusable_step_key: settings.reusable_step_key || null,
      inputs: settings.inputs ?? {},
    }),
  };
}

export type HttpFetchStep = ReturnType<typeof normalize>;

declare module "../step/step.js" {
  interface StepTypes {
    http_fetch: HttpFetchStep;
  }
}

export const httpFetchStep = defineStep({
  label: "an http_fetch",
  schema,
  normalize,
  listReasons: () => ["fetch_error"],
  warn(raw, warn) {
    const { reusable_step_key, method } = getSettings(raw);
    if (reusable_step_key && method) warn(["settings", "method"], "has no effect: the shared request has its own");
  },
  templates: ({ settings }) => ({ settings }),
  changedScopes: ["data"],
  /** Without a path, the response is merged into the data. The path of a shared request is not known here. */
  listAddedProperties: ({ settings: { response_path } }) => response_path?.split(".").slice(0, 1) ?? null,
  summarize: ({ settings: { reusable_step_key: key, method, url } }) =>
    key === null ? `${method.toUpperCase()} ${url}` : `request ${key}`,
  references({ settings: { reusable_step_key: key, inputs } }) {
    return key === null ? [] : [{ kind: "request", key, path: ["settings", "reusable_step_key"], inputs }];
  },
  eventReasons: { failed: "fetch_error" },
});
