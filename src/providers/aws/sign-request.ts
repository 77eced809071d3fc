import aws4 from "aws4";
import { toIsoTime } from "../../util/iso-time.js";

export interface AwsCredentials {
  access_key_id: string;
  secret_access_key: string;
  /** Present in temporary credentials. */
  session_token: string | null;
}

interface UnsignedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** The service and the region that a signature is valid for. */
interface SigningScope {
  service: string;
  region: string;
}

/** Returns the headers of a request with its signature (Signature Version 4). `now` is in milliseconds since 1970. */
export function signRequest(
  { method, url, headers, body }: UnsignedRequest,
  { service, region }: SigningScope,
  { access_key_id, secret_access_key, session_token }: AwsCredentials,
  now: number,
): Record<string, string> {
  const { host, pathname, search } = new URL(url);
  const signed = aws4.sign(
    {
      host,
      path: pathname + search,
      method,
      service,
      region,
      body,
      headers: {
        ...headers,
        "x-amz-date": toIsoTime(now).replace(/[:-]|\.\d{3}/g, ""),
        ...(session_token === null ? {} : { "x-amz-security-token": session_token }),
      },
      extraHeadersToIgnore: { "content-length": true },
    },
    { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
  );
  // The client itself sends the host and the length.
  const { Host: _host, "Content-Length": _length, Authorization: authorization = "", ...others } = signed.headers;
  return { ...others, authorization };
}
