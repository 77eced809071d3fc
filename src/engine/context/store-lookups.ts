import { applyUpserts } from "../../domain/recipient/merge-recipient.js";
import type { Recipient, RecipientKey, RecipientUpsert } from "../../domain/recipient/recipient.js";
import type { Subscription } from "../../domain/recipient/subscription.js";
import type { TranslationContext, Translations } from "../../domain/template/translation.js";
import { KnockError } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import type { RenderServices } from "../liquid/filters/render-services.js";
import { RenderError } from "../liquid/render-error.js";
import { getRecipientView } from "./build-scope.js";

/** Where answers about what filters read stand: templates anywhere in a run may ask. */
export const STORE_LOOKUPS_REF = "$readings";

/** The `subscriptions` filter gives at most so many (E-066). */
export const MAX_SUBSCRIPTIONS = 25;

/** What a filter asked for. */
export type StoreLookup =
  | { of: "recipient"; key: RecipientKey }
  | { of: "subscriptions"; key: RecipientKey }
  | { of: "translations" };

/** What was read for a run; null for a recipient who is not there. */
export interface StoreLookups {
  recipients: ReadonlyMap<RecipientKey, Recipient | null>;
  subscriptions: ReadonlyMap<RecipientKey, readonly { subscription: Subscription; object: Recipient | null }[]>;
  /** An error where the files are at fault. */
  translations: Translations | KnockError | null;
}

export const NO_STORE_LOOKUPS: StoreLookups = { recipients: new Map(), subscriptions: new Map(), translations: null };

/** What the services of a run are made of. */
interface RunServicesInput {
  now: number;
  audience: TranslationContext;
  lookups: StoreLookups;
  /** Changes of recipients by the run that are not written yet. */
  getUnwrittenUpserts(): readonly RecipientUpsert[];
  /** Throws: the run is to be walked again once these are read. */
  requestLookups(missing: readonly StoreLookup[]): never;
  warn(text: string): void;
}

/**
 * What a run's templates are rendered with. What is not read yet counts as missing while a template renders; once it is
 * through, all that it asked for becomes one need, and the run is walked again with the answers.
 */
export class RunServices implements RenderServices {
  readonly now: number;
  readonly audience: TranslationContext;
  private readonly lookups: StoreLookups;
  /** Made when a filter asks: most runs' templates ask for nothing. */
  private missing: Map<string, StoreLookup> | null = null;

  constructor(private readonly input: RunServicesInput) {
    this.now = input.now;
    this.lookups = input.lookups;
    this.audience = input.audience;
  }

  private addMissing(reading: StoreLookup): void {
    this.missing ??= new Map();
    this.missing.set(JSON.stringify(reading), reading);
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
    // While something is missing only because it is not read yet, nothing is known to be missing.
    if (this.missing === null) this.input.warn(text);
  }
}
