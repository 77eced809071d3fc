const SCHEME_END = "://";

/** Returns where the hosts of a URL are. */
function findHosts(location: string): { from: number; to: number } {
  const start = location.indexOf(SCHEME_END) + SCHEME_END.length;
  const length = location.slice(start).search(/[/?#]/);
  const to = length < 0 ? location.length : start + length;
  return { from: start + location.slice(start, to).lastIndexOf("@") + 1, to };
}

function replaceHosts(location: string, hosts: string): string {
  const { from, to } = findHosts(location);
  return location.slice(0, from) + hosts + location.slice(to);
}

/** Returns a URL with only the first host of its list, because a URL with ports in a list is invalid, and the list. */
export function splitHostList(location: string): { url: string; hosts: string[] } {
  const { from, to } = findHosts(location);
  const hosts = location.slice(from, to).split(",");
  return hosts.length === 1 ? { url: location, hosts: [] } : { url: replaceHosts(location, hosts[0] ?? ""), hosts };
}

/** Returns the text of a URL with a list of hosts; with its own host if the list is empty. */
export function joinHostList(url: URL, hosts: readonly string[]): string {
  return hosts.length === 0 ? url.href : replaceHosts(url.href, hosts.join(","));
}
