import type { VendorResponse } from './vendor-response.ts';

/** https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk */
export const responses: readonly VendorResponse[] = [
  {
    status: 400,
    meaning: 'the fields of the index have other types than the document',
    remedy: 'write to a data stream or an index of its own with ELASTIC_INDEX',
  },
  {
    status: 401,
    meaning: 'Elasticsearch knows neither the API key nor the user',
    remedy:
      'copy ELASTIC_AUTH again: the encoded form of an API key, not its id and key with a colon between them',
  },
  {
    status: 403,
    meaning: 'the API key or user may not write there',
    remedy: 'grant the privileges create_doc and auto_configure on ELASTIC_INDEX',
  },
  {
    status: 404,
    meaning: 'there is no such index, and none is created, or the URL is not that of Elasticsearch',
    remedy:
      'create the index or data stream of ELASTIC_INDEX, and check ELASTIC_URL: it is not that of Kibana',
  },
  {
    status: 413,
    meaning: 'a proxy in front of the cluster accepts smaller requests only',
    remedy: 'let it accept 2 MB',
  },
  {
    status: 429,
    meaning: 'the cluster has more to write than it can',
    remedy: 'try again later, or add capacity to the cluster',
  },
];
