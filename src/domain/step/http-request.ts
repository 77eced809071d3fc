import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { byKind } from "../schema/by-kind.js";
import { describeValue } from "../schema/describe-issue.js";
import { described, optional, text } from "../schema/fields.js";

export const HTTP_METHODS = ["get", "post", "put", "delete", "patch"] as const;
export type HttpMethod = (typeof HTTP_METHODS)[number];

/** Both are Liquid. */
export interface KeyValue {
  key: string;
  value: string;
}

const isMethod = (value: unknown): boolean =>
  typeof value === "string" && (HTTP_METHODS as readonly string[]).includes(value.toLowerCase());

/** Returns the sentence for a method that is missing or unknown. */
export const methodError = ({ input }: { input?: unknown }): string => describeValue(HTTP_METHODS, input);

/** A method in either case (section 9.4 of the format). */
export const httpMethod = () =>
  z
    .string({ error: methodError })
    .check(
      z.refine(isMethod, { error: methodError }),
      z.meta({ enum: HTTP_METHODS.flatMap((name) => [name, name.toUpperCase()]) }),
    );

const pairList = once(() =>
  z.array(
    z.strictObject({
      key: described(z.string(), "The name. Liquid."),
      value: described(z.string(), "The value. Liquid."),
    }),
  ),
);

/** Pairs, or one template that produces a JSON object or a list of pairs (section 6.6 of the format). */
export const pairs = (description: string) => {
  const members = { list: pairList, text: () => z.string() };
  return described(optional(byKind("a list of key and value, or a template", members)), description);
};

const isDotted = (path: string): boolean => path === "" || !path.split(".").includes("");

/** The fields of a request except its method and URL, which a step may leave to a shared request. */
export const requestFields = () => ({
  headers: pairs("The request's headers."),
  query_params: pairs("Parameters that are added to the URL's query."),
  body: text("The body: a template that produces JSON."),
  json_body: text("The same as body."),
  response_path: described(
    optional(z.string().check(z.refine(isDotted, { error: "must be a dotted path such as order.lines" }))),
    "Where in data the response is put (E-297).",
  ),
  signing_key: text("The key with which the request is signed. Liquid."),
});

interface GivenRequest {
  method?: string | null | undefined;
  url?: string | null | undefined;
  headers?: KeyValue[] | string | null | undefined;
  query_params?: KeyValue[] | string | null | undefined;
  body?: string | null | undefined;
  json_body?: string | null | undefined;
  response_path?: string | null | undefined;
  signing_key?: string | null | undefined;
}

/** Returns a checked request with its defaults. All text is Liquid except the method and the path. */
export function requestOf(given: GivenRequest) {
  return {
    method: (given.method ?? "get").toLowerCase() as HttpMethod,
    url: given.url ?? "",
    headers: given.headers ?? [],
    query_params: given.query_params ?? [],
    body: given.body || given.json_body || null,
    response_path: given.response_path || null,
    signing_key: given.signing_key || null,
  };
}

export type HttpRequest = ReturnType<typeof requestOf>;
