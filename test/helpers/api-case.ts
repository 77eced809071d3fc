import { describe, expect, it } from "vitest";
import { type Answered, type EmulatorSetup, type OpenedEmulator, withApi } from "./open-emulator.js";

/** A row of docs/reference/api-cases.md. */
export interface ApiCase {
  /** The case's id and what it shows. */
  title: string;
  given?: (api: OpenedEmulator) => unknown;
  /** `GET /v1/users/u1`; a function where an id is not known before. */
  ask: string | ((api: OpenedEmulator) => string | Promise<string>);
  body?: unknown;
  headers?: Record<string, string>;
  setup?: EmulatorSetup;
  status: number;
  /** What the body has, among other things. */
  answer?: unknown;
  check?: (api: OpenedEmulator, answered: Answered) => unknown;
}

/** An error's body, as the catalogue notes it; with a field it has at least that one. */
export function err(code: string, status: number, type?: string, field?: string): unknown {
  const errors = field === undefined ? {} : { errors: expect.arrayContaining([fieldError(field)]) };
  return { code, status, type: type ?? typeOf(status), message: expect.any(String), ...errors };
}

function fieldError(field: string): unknown {
  return { field, message: expect.any(String), type: null };
}

function typeOf(status: number): string {
  if (status === 401 || status === 403) return "authentication_error";
  return status === 404 ? "api_error" : "invalid_request_error";
}

/** 422 with the field at fault. */
export function invalid(field: string): Pick<ApiCase, "status" | "answer"> {
  return { status: 422, answer: err("invalid_params", 422, undefined, field) };
}

export const MISSING: Pick<ApiCase, "status" | "answer"> = { status: 404, answer: err("resource_missing", 404) };

export function describeApiCases(name: string, cases: ApiCase[]): void {
  describe(name, () => {
    it.each(cases.map((row) => [row.title, row] as const))("%s", (_title, row) =>
      withApi(async (api) => {
        await row.given?.(api);
        const ask = typeof row.ask === "string" ? row.ask : await row.ask(api);
        const answered = await api.ask(ask, row.body, row.headers);
        expect([answered.status, answered.text], answered.text).toEqual([row.status, expect.any(String)]);
        expect(answered.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
        if (row.status === 204) expect(answered.text).toBe("");
        if (row.answer !== undefined) expect(answered.body).toMatchObject(row.answer as object);
        await row.check?.(api, answered);
      }, row.setup),
    );
  });
}
