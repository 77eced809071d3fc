import type { Environment } from "../domain/environment/environment.js";

/** The local API receives clicks itself, unless the environment names who does: only that knows a name from outside. */
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
