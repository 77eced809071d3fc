import { createHash, createHmac } from "node:crypto";
import { toIsoTime } from "../../util/iso-time.js";
import { type FakeFailure, type FakeRequest, type FakeResponse, fail } from "../fake-vendor.js";

export const FAKE_SETTINGS = {
  aws_region: "eu-west-1",
  access_key_id: "AKIAFAKEAWSACCESSKEY",
  secret_access_key: "fake/aws/secret/access/key",
};

/** The credentials that the fake of AWS STS gives. */
const ROLE = { id: "ASIAFAKEAWSROLEKEY", secret: "fake/aws/role/secret", token: "fake-aws-session-token" };
/** A fake has no clock of its own: temporary credentials expire an hour after the time in the request. */
const LIFETIME_MS = 3_600_000;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** Returns the signature of a request by the documented steps of Signature Version 4. */
function computeSignature(
  { method, path, query, headers, text }: FakeRequest,
  secret: string,
  scope: readonly string[],
  names: readonly string[],
): string {
  const encode = (part: string): string =>
    encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonical = [
    ...[
      method,
      path,
      [...query]
        .map(([name, value]) => `${encode(name)}=${encode(value)}`)
        .sort()
        .join("&"),
    ],
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, " ")}`),
    ...["", names.join(";"), sha256(text)],
  ].join("\n");
  const content = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope.join("/"), sha256(canonical)].join("\n");
  return hmac(scope.reduce<string | Buffer>(hmac, `AWS4${secret}`), content).toString("hex");
}

/** Returns the code and the message of the error of a request's signature; null if the signature is right. */
export function checkFakeSignature(request: FakeRequest, service: string): readonly [string, string] | null {
  const { headers } = request;
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, scope = "", names = "", signature] = pattern.exec(headers.authorization ?? "") ?? [];
  if (signature === undefined) return ["MissingAuthenticationToken", "Request is missing Authentication Token"];
  const isRole = id === ROLE.id && headers["x-amz-security-token"] === ROLE.token;
  if (id !== FAKE_SETTINGS.access_key_id && !isRole)
    return ["UnrecognizedClientException", "The security token included in the request is invalid."];
  const date = headers["x-amz-date"]?.slice(0, 8);
  if (scope !== `${date}/${FAKE_SETTINGS.aws_region}/${service}/aws4_request`)
    return ["SignatureDoesNotMatch", `Credential should be scoped to a valid region and service: ${scope}`];
  const secret = isRole ? ROLE.secret : FAKE_SETTINGS.secret_access_key;
  const signed = names.split(";");
  if (!signed.includes("host") || computeSignature(request, secret, scope.split("/"), signed) !== signature)
    return ["SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."];
  return null;
}

/** Returns an error in the XML of Amazon SNS and AWS STS. */
export function buildXmlError(status: number, code: string, message: string): FakeResponse {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, body: `<ErrorResponse>${error}<RequestId>fake</RequestId></ErrorResponse>` };
}

/** Answers a request of AWS STS for the credentials of a role; null for any other request. */
export function respondToSts(request: FakeRequest): FakeResponse | null {
  const fields = new URLSearchParams(request.text);
  if (fields.get("Action") !== "AssumeRole") return null;
  const error = checkFakeSignature(request, "sts");
  if (error !== null) return buildXmlError(403, ...error);
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(fields.get("RoleArn") ?? ""))
    return buildXmlError(400, "ValidationError", "RoleArn is invalid");
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.headers["x-amz-date"] ?? "") ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const credentials = [
    ...[`<AccessKeyId>${ROLE.id}</AccessKeyId>`, `<SecretAccessKey>${ROLE.secret}</SecretAccessKey>`],
    `<SessionToken>${ROLE.token}</SessionToken>`,
    `<Expiration>${toIsoTime(at + LIFETIME_MS)}</Expiration>`,
  ].join("");
  return { status: 200, body: `<AssumeRoleResponse><Credentials>${credentials}</Credentials></AssumeRoleResponse>` };
}

/** Returns the failures of all services of AWS. `build` returns an error in the format of the service. */
export function buildAwsFailures(
  build: (status: number, code: string, message: string) => FakeResponse,
): Record<string, FakeFailure> {
  const skewed = build(
    403,
    "RequestTimeTooSkewed",
    "The difference between the request time and the server's is too large.",
  );
  return {
    unauthorized: fail(
      "permanent",
      build(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    ),
    access_denied: fail("permanent", build(403, "AccessDenied", "User is not authorized to perform the action")),
    expired_token: fail(
      "permanent",
      build(403, "ExpiredToken", "The security token included in the request is expired"),
    ),
    wrong_clock: fail("temporary", {
      ...skewed,
      headers: { ...skewed.headers, date: "Thu, 01 Jan 1970 00:00:00 GMT" },
    }),
    outage: fail("temporary", build(500, "InternalFailure", "An internal error has occurred.")),
    unavailable: fail("temporary", build(503, "ServiceUnavailable", "The service is unavailable.")),
  };
}
