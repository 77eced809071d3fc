import { applyUpserts } from "../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { TranslationContext, Translations } from "../../domain/template/translation.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { RenderServices } from "../liquid/filters/render-services.js";
import { RenderError } from "../liquid/liquid-errors.js";
import { getRecipientView } from "./build-scope.js";

/** The ref of the store lookups of a run. All templates of a run share their results. */
export const STORE_LOOKUPS_REF = "$store_lookups";

/** The maximum number of subscriptions that the `subscriptions` filter returns (E-066). */
export const MAX_SUBSCRIPTIONS = 25;

/** A lookup that a template filter requests. */
export type StoreLookup =
  | { of: "recipient"; key: RecipientKey }
  | { of: "subscriptions"; key: RecipientKey }
  | { of: "translations" };

/** The resolved lookups of a run. A recipient that does not exist is null. */
export interface StoreLookups {
  recipients: ReadonlyMap<RecipientKey, Recipient | null>;
  subscriptions: ReadonlyMap<RecipientKey, readonly { subscription: Subscription; object: Recipient | null }[]>;
  /** An error if the translation files are invalid; null if they are not read yet. */
  translations: Translations | KnockError | null;
}

export const NO_STORE_LOOKUPS: StoreLookups = { recipients: new Map(), subscriptions: new Map(), translations: null };

/** The input of a run's render services. */
interface RunServicesInput {
  now: number;
  audience: TranslationContext;
  lookups: StoreLookups;
  /** Returns the run's changes of recipients that are not written yet. */
  getUnwrittenUpserts(): readonly RecipientUpsert[];
  /** Throws a pending query. The run is advanced again when these lookups are resolved. */
  requestLookups(missing: readonly StoreLookup[]): never;
  warn(text: string): void;
}

/**
 * The services that a run's templates are rendered with. A value that is not read yet is treated as missing while a
 * template renders. Afterward all missing lookups become one pending query, and the run is advanced again with the
 * results.
 */
export class RunServices implements RenderServices {
  readonly now: number;
  readonly audience: TranslationContext;
  private readonly lookups: StoreLookups;
  /** Created by the first lookup, because most templates request none. */
  private missing: Map<string, StoreLookup> | null = null;

  constructor(private readonly input: RunServicesInput) {
    this.now = input.now;
    this.lookups = input.lookups;
    this.audience = input.audience;
  }

  private addMissing(lookup: StoreLookup): void {
    this.missing ??= new Map();
    this.missing.set(JSON.stringify(lookup), lookup);
  }

  findRecipient(key: RecipientKey): JsonObject | null {
    const read = this.lookups.recipients.get(key);
    if (read === undefined) this.addMissing({ of: "recipient", key });
    const current = applyUpserts(read ?? null, key, this.input.getUnwrittenUpserts(), this.now);
    return current === null ? null : getRecipientView(current);
  }

  listSubscriptions(key: RecipientKey): Json[] {
    const read = this.lookups.subscriptions.get(key);
    if (read === undefined) this.addMissing({ of: "subscriptions", key });
    return (read ?? []).map(({ subscription, object }) => ({
      object: object === null ? null : getRecipientView(object),
      properties: subscription.properties,
    }));
  }

  getTranslations(): Translations | null {
    const { translations } = this.lookups;
    if (translations instanceof KnockError) throw new RenderError(translations.message, { cause: translations });
    if (translations === null) this.addMissing({ of: "translations" });
    return translations;
  }

  throwPendingLookups(): void {
    if (this.missing !== null) this.input.requestLookups([...this.missing.values()]);
  }

  forAudience(audience: TranslationContext): RenderServices {
    return Object.create(this, { audience: { value: audience, enumerable: true } }) as RenderServices;
  }

  warn(text: string): void {
    // While lookups are pending, a value may seem to be missing only because it is not read yet.
    if (this.missing === null) this.input.warn(text);
  }
}
