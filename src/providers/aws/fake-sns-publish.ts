import { type FakeResponse, type FakeVendor, fail } from "../fake-vendor.js";
import { buildAwsFailures, buildXmlError, checkFakeSignature, FAKE_SETTINGS, respondToSts } from "./fake-aws.js";

const MAX_BYTES = 262_144;

/** Builds a fake of `Publish` of Amazon SNS. `findProblem` returns why it refuses the fields of a message, or null. */
export function buildFakeSns(
  findProblem: (fields: URLSearchParams) => string | null,
  failures: FakeVendor["failures"],
): FakeVendor {
  return {
    settings: FAKE_SETTINGS,
    respond(request): FakeResponse {
      const known = respondToSts(request);
      if (known !== null) return known;
      const error = checkFakeSignature(request, "sns");
      if (error !== null) return buildXmlError(403, ...error);
      const fields = new URLSearchParams(request.text);
      if (fields.get("Action") !== "Publish" || fields.get("Version") !== "2010-03-31")
        return buildXmlError(400, "InvalidAction", "The action or operation requested is invalid.");
      const message = fields.get("Message") ?? "";
      if (message === "") return buildXmlError(400, "InvalidParameter", "Invalid parameter: Empty message");
      if (Buffer.byteLength(message) > MAX_BYTES)
        return buildXmlError(400, "InvalidParameter", "Invalid parameter: Message too long");
      const problem = findProblem(fields);
      if (problem !== null) return buildXmlError(400, "InvalidParameter", `Invalid parameter: ${problem}`);
      const result = "<PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult>";
      return { status: 200, body: `<PublishResponse>${result}</PublishResponse>` };
    },
    failures: {
      ...buildAwsFailures(buildXmlError),
      not_authorized: fail("permanent", buildXmlError(403, "AuthorizationError", "Access is denied.")),
      invalid_parameter: fail("permanent", buildXmlError(400, "InvalidParameter", "Invalid parameter: Message")),
      throttled: fail("temporary", buildXmlError(400, "Throttling", "Rate exceeded")),
      rate_limited: fail("temporary", buildXmlError(429, "Throttled", "The rate of requests is too high.")),
      ...failures,
    },
  };
}
