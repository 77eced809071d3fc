import { callApi, createStatusError, formatErrorDetail, isSuccess, type ProviderServices } from "../call-api.js";
import { createPermanentError, createRetryableError } from "../delivery-error.js";
import { ExpiringValue } from "../expiring-value.js";
import type { SettingsReader } from "../settings-reader.js";
import { getAwsOrigin } from "./aws-settings.js";
import { checkClock } from "./check-clock.js";
import { readXmlText } from "./read-xml.js";
import { type AwsCredentials, signRequest } from "./sign-request.js";

const VENDOR = "AWS STS";
const LIFETIME_S = 3_600;

/** Returns the credentials in the variables that the tools of AWS read. */
function readVariables(settings: SettingsReader): AwsCredentials {
  const read = (name: string): string => {
    const value = settings.variable(name);
    if (value === null)
      throw createPermanentError(`the environment variable ${name} is not set, and settings.iam_role_arn needs it`);
    return value;
  };
  return {
    access_key_id: read("AWS_ACCESS_KEY_ID"),
    secret_access_key: read("AWS_SECRET_ACCESS_KEY"),
    session_token: settings.variable("AWS_SESSION_TOKEN"),
  };
}

/** Requests temporary credentials of a role, and when they expire. */
async function assumeRole(
  settings: SettingsReader,
  services: ProviderServices,
  timeout_ms: number,
): Promise<{ value: AwsCredentials; expires_at: number }> {
  const region = settings.text("aws_region") ?? "us-east-1";
  const external = settings.text("external_id");
  const own = readVariables(settings);
  settings.addSecret(own.secret_access_key);
  if (own.session_token !== null) settings.addSecret(own.session_token);
  const request = {
    method: "POST",
    url: `${settings.url("token_url", getAwsOrigin("sts", region))}/`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: settings.required("iam_role_arn"),
      RoleSessionName: "knock",
      DurationSeconds: String(LIFETIME_S),
      ...(external === null ? {} : { ExternalId: external }),
    }).toString(),
  };
  const headers = signRequest(request, { service: "sts", region }, own, services.now());
  const response = await callApi(services, VENDOR, { ...request, headers, timeout_ms, confidential: true });
  const { text } = response;
  if (!isSuccess(response)) {
    const code = readXmlText(text, "Code");
    checkClock(VENDOR, response, code, services.now());
    throw createStatusError(VENDOR, response, formatErrorDetail(readXmlText(text, "Message"), code), services.now());
  }
  const [access_key_id, secret_access_key, session_token, expiration] = [
    ...["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"],
  ].map((name) => readXmlText(text, name) ?? "") as [string, string, string, string];
  if (access_key_id === "" || secret_access_key === "" || session_token === "")
    throw createRetryableError(`${VENDOR} responded ${response.status}, but without credentials`);
  settings.addSecret(secret_access_key);
  settings.addSecret(session_token);
  const expires_at = Date.parse(expiration) || services.now() + LIFETIME_S * 1_000;
  return { value: { access_key_id, secret_access_key, session_token }, expires_at };
}

/** Returns the credentials of a channel: its access key, or those of its role, which are requested again before they expire. */
export function openCredentials(
  settings: SettingsReader,
  services: ProviderServices,
  timeout_ms: number,
): ExpiringValue<AwsCredentials> {
  const access_key_id = settings.text("access_key_id");
  if (access_key_id === null) return new ExpiringValue(() => assumeRole(settings, services, timeout_ms), services.now);
  const value = { access_key_id, secret_access_key: settings.required("secret_access_key"), session_token: null };
  return new ExpiringValue(async () => ({ value, expires_at: Number.POSITIVE_INFINITY }), services.now);
}
