import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { describeInvalidValue } from "../schema/describe-issue.js";
import { described, optional, text } from "../schema/fields.js";
import { unionByType } from "../schema/union-by-type.js";

export const HTTP_METHODS = ["get", "post", "put", "delete", "patch"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** A header or query parameter. Both fields are Liquid. */
export interface KeyValue {
  key: string;
  value: string;
}

const isHttpMethod = (value: unknown): boolean =>
  typeof value === "string" && HTTP_METHODS.some((method) => method === value.toLowerCase());

/** Returns the sentence about a missing or unknown method. */
export const describeInvalidMethod = ({ input }: { input?: unknown }): string =>
  describeInvalidValue(HTTP_METHODS, input);

/** Returns a schema for methods in lower or upper case (section 9.4 of the format). */
export const httpMethodSchema = () =>
  z
    .string({ error: describeInvalidMethod })
    .check(
      z.refine(isHttpMethod, { error: describeInvalidMethod }),
      z.meta({ enum: HTTP_METHODS.flatMap((name) => [name, name.toUpperCase()]) }),
    );

const keyValueListSchema = once(() =>
  z.array(
    z.strictObject({
      key: described(z.string(), "The name. Liquid."),
      value: described(z.string(), "The value. Liquid."),
    }),
  ),
);

/**
 * Returns a field with pairs, or with one template that renders a JSON object or a list of pairs (section 6.6 of the
 * format).
 */
export const keyValuePairs = (description: string) => {
  const members = { list: keyValueListSchema, text: () => z.string() };
  return described(optional(unionByType("a list of key and value, or a template", members)), description);
};

const isDottedPath = (path: string): boolean => path === "" || !path.split(".").includes("");

/** Returns the fields of a request without its method and URL, because a step may take these from a shared request. */
export const requestFields = () => ({
  headers: keyValuePairs("The request's headers."),
  query_params: keyValuePairs("Parameters that are added to the URL's query."),
  body: text("The body: a template that produces JSON.", '{ "parcel": "{{ data.parcel }}" }'),
  json_body: text("Alias of body."),
  response_path: described(
    optional(z.string().check(z.refine(isDottedPath, { error: "must be a dotted path such as order.lines" }))),
    "The path in data at which the response is stored.",
  ),
  signing_key: text("The key with which the request is signed. Liquid.", "{{ vars.signing_key }}"),
});

interface RawRequest {
  method?: string | null | undefined;
  url?: string | null | undefined;
  headers?: KeyValue[] | string | null | undefined;
  query_params?: KeyValue[] | string | null | undefined;
  body?: string | null | undefined;
  json_body?: string | null | undefined;
  response_path?: string | null | undefined;
  signing_key?: string | null | undefined;
}

/** Returns a checked request with its defaults. All strings are Liquid except the method and the response path. */
export function normalizeRequest(raw: RawRequest) {
  return {
    method: (raw.method ?? "get").toLowerCase() as HttpMethod,
    url: raw.url ?? "",
    headers: raw.headers ?? [],
    query_params: raw.query_params ?? [],
    body: raw.body || raw.json_body || null,
    response_path: raw.response_path || null,
    signing_key: raw.signing_key || null,
  };
}

export type HttpRequest = ReturnType<typeof normalizeRequest>;
