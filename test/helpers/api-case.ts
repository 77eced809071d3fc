import { describe, expect, it } from "vitest";
import { type EmulatorResponse, type EmulatorSetup, type TestEmulator, withApi } from "./test-emulator.js";

/** A row of docs/internals/catalog/api-cases.md. */
export interface ApiCase {
  /** The case's ID and the behavior that it shows. */
  title: string;
  given?: (api: TestEmulator) => unknown;
  /** The request, such as `GET /v1/users/u1`; a function if an ID is not known in advance. */
  request: string | ((api: TestEmulator) => string | Promise<string>);
  body?: unknown;
  headers?: Record<string, string>;
  setup?: EmulatorSetup;
  status: number;
  /** Properties that the body must contain. */
  expectedBody?: unknown;
  check?: (api: TestEmulator, response: EmulatorResponse) => unknown;
}

/** Returns an error's body as the catalog describes it; with `field`, its errors contain at least that field. */
export function buildErrorBody(code: string, status: number, type?: string, field?: string): unknown {
  const errors = field === undefined ? {} : { errors: expect.arrayContaining([buildFieldError(field)]) };
  return { code, status, type: type ?? getErrorType(status), message: expect.any(String), ...errors };
}

function buildFieldError(field: string): unknown {
  return { field, message: expect.any(String), type: null };
}

function getErrorType(status: number): string {
  if (status === 401 || status === 403) return "authentication_error";
  return status === 404 ? "api_error" : "invalid_request_error";
}

/** Expects status 422 with an error for the field. */
export function expectInvalidField(field: string): Pick<ApiCase, "status" | "expectedBody"> {
  return { status: 422, expectedBody: buildErrorBody("invalid_params", 422, undefined, field) };
}

export const EXPECT_MISSING: Pick<ApiCase, "status" | "expectedBody"> = {
  status: 404,
  expectedBody: buildErrorBody("resource_missing", 404),
};

export async function runApiCase(row: ApiCase, api: TestEmulator): Promise<void> {
  await row.given?.(api);
  const request = typeof row.request === "string" ? row.request : await row.request(api);
  const response = await api.request(request, row.body, row.headers);
  expect([response.status, response.text], response.text).toEqual([row.status, expect.any(String)]);
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  if (row.status === 204) expect(response.text).toBe("");
  if (row.expectedBody !== undefined) expect(response.body).toMatchObject(row.expectedBody as object);
  await row.check?.(api, response);
}

export function describeApiCases(name: string, cases: ApiCase[]): void {
  describe(name, () => {
    it.each(cases.map((row) => [row.title, row] as const))("%s", (_title, row) =>
      withApi((api) => runApiCase(row, api), row.setup),
    );
  });
}
