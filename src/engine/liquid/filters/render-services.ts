import { type FilterImplOptions, type Liquid, toValue } from "liquidjs";
import type { RecipientKey } from "../../../domain/recipient/recipient.js";
import type { TranslationAudience, Translations } from "../../../domain/template/translation.js";
import type { Json, JsonObject } from "../../../util/json.js";

/** What liquidjs calls a filter on. */
export type FilterThis = ThisParameterType<Extract<FilterImplOptions, (...args: never[]) => unknown>>;

type FilterFunction = (this: FilterThis, value: unknown, ...args: unknown[]) => unknown;

/** Registers a filter that is given plain values: what liquidjs wraps, such as `nil`, arrives as what it stands for. */
export type RegisterFilter = (name: string, filter: FilterFunction) => void;

export function registrarOf(liquid: Liquid): RegisterFilter {
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
  audience: TranslationAudience;
  /** A user, object or tenant as templates see it; null where there is none, or it is not read yet. */
  recipient(key: RecipientKey): JsonObject | null;
  /** What a user subscribes to (T-073); empty where it is not read yet. */
  subscriptions(key: RecipientKey): Json[];
  /** Null where they are not read yet. */
  translations(): Translations | null;
  /** Told once the template is rendered: it throws for what was asked for and is not read yet. */
  settle(): void;
  warn(text: string): void;
  /** The same for readers of another locale. */
  forAudience(audience: TranslationAudience): RenderServices;
}

export const SERVICES = Symbol("what templates are rendered with");

/** What services travel in. */
export type Holder = { [SERVICES]?: RenderServices | undefined };

export function servicesIn(scope: object): RenderServices | undefined {
  return (scope as Holder)[SERVICES];
}

/** The scope with services of its own: the original is not changed. */
export function withServices<T extends object>(scope: T, services: RenderServices | undefined): T {
  return services === undefined ? scope : { ...scope, [SERVICES]: services };
}

/** The scope as a reader of another locale sees it (T-191). */
export function inLocale<T extends object>(scope: T, locale: string | null): T {
  const services = servicesIn(scope);
  if (locale === null || services === undefined) return scope;
  return withServices(scope, services.forAudience({ ...services.audience, locale }));
}

/** What a filter or a tag is rendered with; undefined where text is rendered for no run. */
export function servicesOf(context: FilterThis["context"]): RenderServices | undefined {
  return servicesIn(context.globals ?? {});
}

export function nowOf({ context }: FilterThis): number {
  return servicesOf(context)?.now ?? Date.now();
}
