import * as z from "zod/mini";
import { describeInvalidUrl } from "../../domain/environment/allow-list.js";
import {
  anyValue,
  checkedString,
  described,
  nonEmptyString,
  optional,
  record,
  rule,
  wholeNumber,
} from "../../domain/schema/fields.js";
import { httpMethodSchema } from "../../domain/step/http-request.js";
import { once } from "../../util/once.js";

const httpUrl = () => checkedString(describeInvalidUrl);

/** The schema of `fetch` in `environment.json`: the URLs that fetch steps may request, and declared responses. */
export const fetchSchema = once(() => {
  const response = z.strictObject({
    method: described(optional(httpMethodSchema()), "The method of the request. Default: get."),
    url: described(
      httpUrl(),
      "The URL of the request. Without a query, it matches every query that no other answer matches exactly.",
    ),
    status: described(optional(wholeNumber(100, 599)), "The status code of the response. Default: 200."),
    body: described(anyValue(), "The body: strings unchanged, other values as JSON."),
    headers: described(optional(record(z.string())), "The headers of the response.", { "retry-after": "5" }),
    delay_ms: described(optional(wholeNumber(0)), "Delay of the response in milliseconds.", 250),
    error: described(optional(nonEmptyString()), '"timeout", or the error of a failed connection.', "timeout"),
  });
  return z.strictObject({
    allow: described(optional(z.array(httpUrl())), "URLs that may be requested, including all paths below them.", [
      "https://api.example.com/",
    ]),
    answers: described(optional(z.array(response)), "Responses that are used instead of a request."),
  });
});

/** The schema of `agent` in `environment.json`: the model of AI agent steps, and declared replies (EQ-58). */
export const agentSchema = once(() => {
  const response = z
    .strictObject({
      workflow: described(optional(nonEmptyString()), "The key of the workflow. Default: any."),
      step: described(optional(nonEmptyString()), "The ref of the step. Default: any."),
      text: described(optional(z.string()), "The reply as text.", "Shoppers praise the fit."),
      json: described(anyValue(), "The reply as JSON."),
      error: described(optional(nonEmptyString()), "The error instead of a reply.", "overloaded"),
    })
    .check(
      rule(({ text, json, error }, report) => {
        if ([text ?? undefined, json, error ?? undefined].filter((reply) => reply !== undefined).length !== 1)
          report([], "must have exactly one of text, json and error");
      }),
    );
  return z.strictObject({
    url: described(optional(httpUrl()), "The URL of the model that is called.", "http://127.0.0.1:11434/v1"),
    answers: described(optional(z.array(response)), "Replies that are used instead of a model."),
  });
});
