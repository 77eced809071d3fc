/** What filters and forms offer. */
export interface Project {
  environment: string;
  channels: { key: string; type: string | null }[];
  tenants: string[];
  workflows: string[];
}
