import type { Message } from "../../domain/message/message.js";
import type { Provider } from "../../ports/provider.js";
import { type ApiResponse, DEFAULT_TIMEOUT_MS, type ProviderServices } from "../call-api.js";
import { createRetryableError } from "../delivery-error.js";
import type { SettingsReader } from "../settings-reader.js";
import { createSend } from "../vendor-api.js";
import type { VendorDefinition } from "../vendor-definition.js";
import { openCredentials } from "./aws-credentials.js";
import { getAwsOrigin } from "./aws-settings.js";
import { checkClock } from "./check-clock.js";
import { type AwsCredentials, signRequest } from "./sign-request.js";

/** How a service of AWS sends a message. */
interface AwsApi {
  /** The name of the service in signatures. */
  service: string;
  /** The first part of the service's host. */
  host: string;
  path: string;
  content_type: string;
  /** Returns a body, with the region if it is not that of the settings. */
  buildBody(message: Message): { body: string; region?: string; token?: string };
  readError(response: ApiResponse): { code?: string | undefined; message?: unknown };
  readId(response: ApiResponse): string | undefined;
}

/** The codes of temporary credentials that have expired. */
const EXPIRED_CODES: ReadonlySet<unknown> = new Set(["ExpiredToken", "ExpiredTokenException"]);

class ExpiredCredentialsError extends Error {}

/** Returns the function that sends messages with a service of AWS. Credentials that have expired are requested again once. */
export function createAwsSend(
  definition: VendorDefinition,
  settings: SettingsReader,
  services: ProviderServices,
  api: AwsApi,
): Provider["send"] {
  const credentials = openCredentials(settings, services, settings.number("timeout_ms", DEFAULT_TIMEOUT_MS));

  const createSignedSend = (signer: AwsCredentials): Provider["send"] =>
    createSend(definition, settings, services, {
      buildRequest(message) {
        const { body, region = settings.required("aws_region"), token } = api.buildBody(message);
        const url = settings.url("base_url", getAwsOrigin(api.host, region)) + api.path;
        const request = { method: "POST", url, headers: { "content-type": api.content_type }, body };
        const headers = signRequest(request, { service: api.service, region }, signer, services.now());
        return { url, headers, body, ...(token === undefined ? {} : { token }) };
      },
      readError(response) {
        const error = api.readError(response);
        checkClock(definition.title, response, error.code, services.now());
        // An access key has no session token and is not replaced.
        if (EXPIRED_CODES.has(error.code) && signer.session_token !== null) throw new ExpiredCredentialsError();
        return error;
      },
      readId: api.readId,
    });

  return async (...parameters) => {
    for (const isLast of [false, true]) {
      const signer = await credentials.get();
      try {
        return await createSignedSend(signer)(...parameters);
      } catch (error) {
        if (!(error instanceof ExpiredCredentialsError)) throw error;
        credentials.invalidate(signer);
        if (isLast) break;
      }
    }
    throw createRetryableError(`${definition.title}: the credentials of the role have expired, and so have new ones`);
  };
}
