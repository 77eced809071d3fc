import { describe, expect, it } from "vitest";
import { messageFilterBodySchema } from "../../../src/domain/request/api-bodies.js";
import { checkParameter, checkRequest } from "../../../src/domain/request/check-request.js";
import { clockBodySchema, faultBodySchema, seedBodySchema } from "../../../src/domain/request/helper-bodies.js";
import { objectTextSchema, pairsTextSchema } from "../../../src/domain/request/query-parameters.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

describe("checkRequest", () => {
  it("reports every error in a body, with their number in the message", () => {
    const error = catchThrown(() => checkRequest(faultBodySchema(), { chanel: "mail", status: 200, rate: 2 }));
    expect(error.code).toBe("invalid_params");
    expect(error.message).toBe('unknown key "chanel"; did you mean "channel"? (and 2 more)');
    expect(formatDetails(error)).toEqual([
      '/chanel unknown key "chanel"; did you mean "channel"?',
      "/status must be a whole number from 400 to 599",
      "/rate must be a number above 0, and at most 1",
    ]);
  });

  it("reports the body itself if it has the wrong type", () => {
    expect(catchThrown(() => checkRequest(seedBodySchema(), {})).message).toMatch(
      /^the body must have at least one of users, /,
    );
  });

  it.each<[JsonObject, string]>([
    [{ advance: 5 }, '/advance must be a duration, for example "1h30m", or "next"'],
    [{ set: "soon" }, "/set must be an ISO 8601 time"],
    [{ freeze: false }, "/freeze must be true, found false"],
    [{ freeze: 7 }, "/freeze must be true or an ISO 8601 time, found a number"],
    [{ advance: "1h", set: "2030-01-01T00:00:00Z" }, " must have exactly one of advance, set, freeze and reset"],
  ])("rejects %j for the clock", (body, fault) => {
    expect(formatDetails(catchThrown(() => checkRequest(clockBodySchema(), body)))).toEqual([fault]);
  });

  it.each([{ freeze: null }, { freeze: true }, { advance: "next" }, { reset: true }])(
    "accepts %j for the clock",
    (body) => expect(checkRequest(clockBodySchema(), body)).toEqual(body),
  );

  it.each<[JsonObject["x"], string]>([
    [{ a: { b: 1 } }, "/trigger_data/a must not be nested"],
    ['{"a":[1]}', '/trigger_data must not be nested, at "a"'],
    ["{", "/trigger_data must be JSON"],
    ["[]", "/trigger_data must be a JSON object"],
    [7, "/trigger_data must be a JSON object, or one as text, found a number"],
  ])("A-076 rejects %j as a filter by trigger data", (trigger_data, fault) => {
    expect(formatDetails(catchThrown(() => checkRequest(messageFilterBodySchema(), { trigger_data })))).toEqual([
      fault,
    ]);
  });
});

describe("checkParameter", () => {
  it("reports an error within a text at the parameter", () => {
    const error = catchThrown(() => checkParameter("trigger_data", pairsTextSchema(), '{"a":{}}'));
    expect(error.message).toBe('trigger_data must not be nested, at "a"');
    expect(formatDetails(error)).toEqual(['/trigger_data must not be nested, at "a"']);
  });

  it("returns the text itself", () => {
    expect(checkParameter("data", objectTextSchema(), '{"b":1,"a":2}')).toBe('{"b":1,"a":2}');
  });
});
