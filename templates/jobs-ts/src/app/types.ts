// What travels between the page, the API and the hub.

// Draft is a job as the form sends it; data/job.schema.json says the same to the API.
export interface Draft {
  title?: string;
  company?: string;
  place?: string;
  mode: string;
  kind: string;
  salary?: number; // per month
  currency?: string;
  link?: string;
  description?: string;
}

// Job is a job as the API has stored it.
export interface Job extends Draft {
  id: string;
  title: string;
  company: string;
  place: string;
  createdAt: string; // ISO 8601
}

// Mistake is what is wrong with one field; field "" is the whole.
export interface Mistake {
  field: string;
  rule: string;
  limit?: number;
  message?: string;
}
