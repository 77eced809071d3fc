import type { HttpService } from "../../commands/shared/http-service.js";
import { resolveIdPrefix } from "../../commands/shared/resolve-id-prefix.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { checkRequest } from "../../domain/request/check-request.js";
import { KnockError } from "../../errors/knock-error.js";
import type { HandleHttpRequest, ServedEngine } from "../../ports/served-engine.js";
import type { deepMerge } from "../../util/json.js";
import { parseJson } from "../../util/parse-json.js";
import { keepRerun } from "./keep-rerun.js";
import { rerunBodySchema } from "./rerun-body.js";

/** Serves a route below `/__knock/runs/{id}`. */
function createRunService(
  route: NonNullable<HttpService["route"]>,
  respond: (id: string, request: Request, engine: ServedEngine, context: ServiceContext) => Promise<Response | null>,
): HttpService {
  const [method, path] = route.endpoint.split(" ") as [string, HttpService["path"]];
  return {
    path,
    route,
    async open(engine, { flags }, context): Promise<HandleHttpRequest> {
      return async (request) => {
        if (request.method !== method)
          throw new KnockError("resource_missing", `${path} accepts only ${method} requests`);
        const typed = decodeURIComponent(new URL(request.url).pathname.split("/").at(-2) ?? "");
        const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], engine.operations);
        const response = await respond(id, request, engine, await createContext(flags, context));
        if (response === null) throw new KnockError("resource_missing", `there is no run "${typed}"`);
        return response;
      };
    },
  };
}

type ServiceContext = Awaited<ReturnType<typeof createContext>>;

/** Returns the current files, which may have changed since the last request. */
async function createContext({ project, knockDir, environment, store }: TargetFlags, context: CommandContext) {
  context.files.forget();
  const files = await context.project.requireLocalFiles({ project, knockDir, environment, store });
  const warn = (text: string): void => context.output.warnOnce(text);
  return { project: files, io: context.io, warn, setProgress: () => {}, keepsPersonalData: false };
}

/** Parses the JSON body of a request. An empty one is an empty object. */
async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === "") return {};
  const parsed = await parseJson(text);
  if ("error" in parsed) throw new KnockError("invalid_params", `the body is not JSON: ${parsed.error}`);
  return parsed.value;
}

const SCENARIO_ROUTE = {
  endpoint: "GET /__knock/runs/{id}/scenario",
  summary: "Return a run as a scenario, in YAML. The ID is that of the trigger, or of one recipient's run",
} as const;

const SCENARIO_SERVICE = createRunService(SCENARIO_ROUTE, async (id, _request, { store }, context) => {
  const { readStoreRun } = await import("./read-local-run.js");
  const { buildScenario } = await import("./build-scenario.js");
  const run = await readStoreRun(store, id, context);
  if (run === null) return null;
  const headers = { "content-type": "text/yaml; charset=utf-8" };
  return new Response(await buildScenario(run, context), { headers });
});

const RERUN_ROUTE = {
  endpoint: "POST /__knock/runs/{id}/rerun",
  summary: "Run a stored run again in a copy of the store, and return what differs, as `knock runs rerun --json` does",
  input: rerunBodySchema,
} as const;

const RERUN_SERVICE = createRunService(RERUN_ROUTE, async (id, request, { store }, context) => {
  const { rerunRun } = await import("./rerun-run.js");
  const body = checkRequest(rerunBodySchema(), await readBody(request));
  const { from = null, data, recipient = null, skip_delay = false, keep = false } = body;
  const options = {
    from,
    against: null,
    skipsDelays: skip_delay ?? false,
    changeData: async (own: Parameters<typeof deepMerge>[0]) => (data ? structuredClone(data) : own),
    properties: recipient,
  };
  const report = await rerunRun(
    store,
    id,
    options,
    context,
    keep ? (copy, runId, originalId) => keepRerun(copy, store, runId, originalId) : undefined,
  );
  return report && Response.json(report);
});

/** The routes of `knock dev` about stored runs: a run as a scenario, and the same run again. */
export const RUN_SERVICES: readonly HttpService[] = [SCENARIO_SERVICE, RERUN_SERVICE];
