import { type FilterImplOptions, type Liquid, toValue } from "liquidjs";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { TranslationContext, Translations } from "../../../domain/template/translation.js";
import type { Json, JsonObject } from "../../../util/json.js";

/** What liquidjs calls a filter on. */
export type FilterThis = ThisParameterType<Extract<FilterImplOptions, (...args: never[]) => unknown>>;

type FilterFunction = (this: FilterThis, value: unknown, ...args: unknown[]) => unknown;

/** Registers a filter that is given plain values: what liquidjs wraps, such as `nil`, arrives as what it stands for. */
export type RegisterFilter = (name: string, filter: FilterFunction) => void;

export function createFilterRegistrar(liquid: Liquid): RegisterFilter {
  return (name, filter) =>
    liquid.registerFilter(name, function (this: FilterThis, value: unknown, ...args: unknown[]) {
      return filter.call(this, toValue(value), ...args.map((arg) => toValue(arg) as unknown));
    });
}

/**
 * What filters and tags need beside their arguments. It travels with the scope under a symbol, which no template can name,
 * and as liquidjs' globals into partials too.
 */
export interface RenderServices {
  /** The engine's time in milliseconds, which need not be the machine's. */
  now: number;
  audience: TranslationContext;
  /** A user, object or tenant as templates see it; null where there is none, or it is not read yet. */
  findRecipient(key: RecipientKey): JsonObject | null;
  /** What a user subscribes to (T-073); empty where it is not read yet. */
  listSubscriptions(key: RecipientKey): Json[];
  /** Null where they are not read yet. */
  getTranslations(): Translations | null;
  /** Told once the template is rendered: it throws for what was asked for and is not read yet. */
  throwPendingLookups(): void;
  warn(text: string): void;
  /** The same for readers of another locale. */
  forAudience(audience: TranslationContext): RenderServices;
}

export const RENDER_SERVICES = Symbol("what templates are rendered with");

/** What services travel in. */
export type ServicesCarrier = { [RENDER_SERVICES]?: RenderServices | undefined };

export function findServices(scope: object): RenderServices | undefined {
  return (scope as ServicesCarrier)[RENDER_SERVICES];
}

/** The scope with services of its own: the original is not changed. */
function attachServices<T extends object>(scope: T, services: RenderServices | undefined): T {
  return services === undefined ? scope : { ...scope, [RENDER_SERVICES]: services };
}

/** The scope as a reader of another locale sees it (T-191). */
export function localizeScope<T extends object>(scope: T, locale: string | null): T {
  const services = findServices(scope);
  if (locale === null || services === undefined) return scope;
  return attachServices(scope, services.forAudience({ ...services.audience, locale }));
}

/** What a filter or a tag is rendered with; undefined where text is rendered for no run. */
export function findContextServices(context: FilterThis["context"]): RenderServices | undefined {
  return findServices(context.globals ?? {});
}

export function getRenderTime({ context }: FilterThis): number {
  return findContextServices(context)?.now ?? Date.now();
}
