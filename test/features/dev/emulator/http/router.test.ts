import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { TRUSTED_BODY } from "../../../../../src/features/dev/emulator/http/read-body.js";
import { RequestContext } from "../../../../../src/features/dev/emulator/http/request-context.js";
import { Router } from "../../../../../src/features/dev/emulator/http/router.js";

function createContext(method: string, url: string): RequestContext {
  return new RequestContext(
    { method, url, headers: {} } as unknown as IncomingMessage,
    {} as ServerResponse,
    TRUSTED_BODY,
  );
}

function createRouter() {
  const router = new Router();
  const called: string[] = [];
  for (const endpoint of ["GET /v1/users/{user_id}", "PUT /v1/users/{user_id}", "GET /v1/users/{user_id}/messages"])
    router.add(endpoint, (context) => void called.push(`${endpoint} ${context.param("user_id")}`));
  /** Sends a request, and returns the called endpoint with its parameter. */
  const send = (method: string, url: string): string | undefined => {
    const context = createContext(method, url);
    void router.find(context)?.(context);
    return called.pop();
  };
  return send;
}

describe("Router", () => {
  it("finds the same handler and parameters for a repeated path", () => {
    const send = createRouter();
    for (let count = 0; count < 2; count++) {
      expect(send("GET", "/v1/users/ada")).toBe("GET /v1/users/{user_id} ada");
      expect(send("GET", "/v1/users/bo?page=2")).toBe("GET /v1/users/{user_id} bo");
      expect(send("PUT", "/v1/users/ada")).toBe("PUT /v1/users/{user_id} ada");
      expect(send("HEAD", "/v1/users/ada")).toBe("GET /v1/users/{user_id} ada");
      expect(send("DELETE", "/v1/users/ada")).toBeUndefined();
    }
  });

  it("finds long paths and more paths than it remembers", () => {
    const send = createRouter();
    for (let index = 0; index < 1_100; index++)
      expect(send("GET", `/v1/users/u${index}`)).toBe(`GET /v1/users/{user_id} u${index}`);
    const long = "u".repeat(1_000);
    for (let count = 0; count < 2; count++)
      expect(send("GET", `/v1/users/${long}`)).toBe(`GET /v1/users/{user_id} ${long}`);
  });
});
