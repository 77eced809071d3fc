import type { Environment } from "../../../domain/environment/environment.js";

/**
 * Adds the emulator's URL as the tracking URL of an environment without one. A configured URL is kept, because only the
 * environment can name a URL that is reachable from outside.
 */
export class LocalTracking {
  private url: string | null = null;
  private cache: { environment: Environment; result: Environment } | undefined;

  setBaseUrl(url: string): void {
    this.url = url;
  }

  applyTo(environment: Environment): Environment {
    if (this.url === null || environment.tracking !== null) return environment;
    if (this.cache?.environment !== environment)
      this.cache = { environment, result: { ...environment, tracking: { base_url: this.url } } };
    return this.cache.result;
  }
}
