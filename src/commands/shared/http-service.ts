import type * as z from "zod/mini";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import type { HandleHttpRequest, ServedEngine } from "../../ports/served-engine.js";

/** A part of an optional feature that `knock dev` serves. It is opened with the first request. */
export interface HttpService {
  path: `/${string}`;
  /** The route in the reference of the test API. A path below `/__knock/` has one. */
  route?: {
    endpoint: `${"GET" | "POST"} /__knock/${string}`;
    /** The purpose of the route. */
    summary: string;
    /** The schema of the body. */
    input?: () => z.ZodMiniType;
  };
  /** `host` is the address that the server listens on. */
  open(
    engine: ServedEngine,
    options: { flags: TargetFlags; host: string },
    context: CommandContext,
  ): Promise<HandleHttpRequest>;
}
