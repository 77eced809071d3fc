/** Returns whether a host name or address is this machine's own. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(.+\.)?localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host);
}
