import { type FilterImplOptions, type Liquid, toValue } from "liquidjs";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { TranslationContext, Translations } from "../../../domain/template/translation.js";
import type { Json, JsonObject } from "../../../util/json.js";
import { chargeResult } from "./charge-memory.js";

/** The `this` of a filter that liquidjs calls. */
export type FilterThis = ThisParameterType<Extract<FilterImplOptions, (...args: never[]) => unknown>>;

type FilterFunction = (this: FilterThis, value: unknown, ...args: unknown[]) => unknown;

/** Registers a filter that receives plain values instead of the objects by which liquidjs represents values such as `nil`. */
export type RegisterFilter = (name: string, filter: FilterFunction) => void;

/** Creates a function that registers filters. Their results count toward the memory limit. */
export function createFilterRegistrar(liquid: Liquid): RegisterFilter {
  return (name, filter) =>
    liquid.registerFilter(name, function (this: FilterThis, value: unknown, ...args: unknown[]) {
      return chargeResult(this, filter.call(this, toValue(value), ...args.map((arg): unknown => toValue(arg))));
    });
}

/**
 * Services for filters and tags. A scope carries them under a symbol, which no template can name. They are also in the
 * globals of liquidjs, which reach partials.
 */
export interface RenderServices {
  /** The engine's time in milliseconds, which can differ from real time. */
  now: number;
  audience: TranslationContext;
  /** Returns a user, object or tenant as templates see it. Null if it does not exist or is not read yet. */
  findRecipient(key: RecipientKey): JsonObject | null;
  /** Returns the subscriptions of a user. Empty if they are not read yet (T-073). */
  listSubscriptions(key: RecipientKey): Json[];
  /** Returns the translations. Null if they are not read yet. */
  getTranslations(): Translations | null;
  /** Throws if a store lookup was requested that is not read yet. Called after a template is rendered. */
  throwPendingLookups(): void;
  warn(text: string): void;
  /** Returns the same services for another locale. */
  forAudience(audience: TranslationContext): RenderServices;
}

export const RENDER_SERVICES = Symbol("render services");

/** A scope or globals object that carries services. */
export type ServicesCarrier = { [RENDER_SERVICES]?: RenderServices | undefined };

export function findServices(scope: object): RenderServices | undefined {
  return (scope as ServicesCarrier)[RENDER_SERVICES];
}

/** Returns a copy of the scope that carries the services. */
function attachServices<T extends object>(scope: T, services: RenderServices | undefined): T {
  return services === undefined ? scope : { ...scope, [RENDER_SERVICES]: services };
}

/** Returns the scope with the services for another locale (T-191). */
export function localizeScope<T extends object>(scope: T, locale: string | null): T {
  const services = findServices(scope);
  if (locale === null || services === undefined) return scope;
  return attachServices(scope, services.forAudience({ ...services.audience, locale }));
}

/** Returns the services of a filter or tag. Undefined if the text is not rendered for a run. */
export function findContextServices(context: FilterThis["context"]): RenderServices | undefined {
  return findServices(context.globals ?? {});
}

export function getRenderTime({ context }: FilterThis): number {
  return findContextServices(context)?.now ?? Date.now();
}
