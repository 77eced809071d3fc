declare module "aws4" {
  interface SignableRequest {
    host: string;
    path: string;
    method: string;
    service: string;
    region: string;
    headers: Record<string, string>;
    body?: string;
    /** Names in lower case of headers that the signature does not cover. */
    extraHeadersToIgnore: Record<string, true>;
  }
  const aws4: {
    /** Adds the signature to the request's headers. */
    sign(
      request: SignableRequest,
      credentials: { accessKeyId: string; secretAccessKey: string },
    ): { headers: Record<string, string> };
  };
  export default aws4;
}
