/** The choices for filters and forms. */
export interface Project {
  environment: string;
  channels: { key: string; type: string | null }[];
  tenants: string[];
  workflows: string[];
}
