/** Validates requests, and the simulator's own responses, against Auth0's description of the Management API. */
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { ApiError } from './api-error.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

export interface Operation {
  /** One of them is enough. */
  readonly scopes: readonly string[];
  /** Of a successful response. */
  readonly status: number;
  /** Converts numbers and booleans in the query. */
  validateRequest(query: Record<string, unknown>, body: unknown): void;
  validateResponse(body: unknown): void;
}

interface OperationDescription {
  security: Array<{ oAuth2ClientCredentials: string[] }>;
  parameters?: Array<{ in: 'query' | 'path'; name: string; schema: object }>;
  requestBody?: object;
  /** Only the one of success. */
  responses: Record<string, { content?: object }>;
}

const ID = 'management-api';
const description: { paths: Record<string, Partial<Record<Method, OperationDescription>>> } = JSON.parse(
  // Absolute references allow parts of the description to be used on their own.
  readFileSync(new URL('./openapi.json', import.meta.url), 'utf8').replaceAll(
    '"#/components/',
    `"${ID}#/components/`,
  ),
);

const createAjv = (coerceTypes: boolean) =>
  new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, coerceTypes }).addSchema(
    description,
    ID,
  );
const values = createAjv(false);
const strings = createAjv(true);

const getScopes = ({ security }: OperationDescription): string[] =>
  security.flatMap(({ oAuth2ClientCredentials }) => oAuth2ClientCredentials);

export const ALL_SCOPES: readonly string[] = [
  ...new Set(
    Object.values(description.paths).flatMap((methods) => Object.values(methods).flatMap(getScopes)),
  ),
];

const operations = new Map<string, Operation>();

/** Each is compiled once. */
export const getOperation = (method: Method, path: string): Operation => {
  const key = `${method} ${path}`;
  const compiled = operations.get(key);
  if (compiled) return compiled;
  const operation = compileOperation(method, path);
  operations.set(key, operation);
  return operation;
};

const compileOperation = (method: Method, path: string): Operation => {
  const described = description.paths[path]?.[method];
  if (!described) throw new Error(`${method} ${path} is not described`);
  const parameters = described.parameters?.filter((parameter) => parameter.in === 'query') ?? [];
  const isValidQuery = strings.compile({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  });
  const pointer = `${ID}#/paths/${path.replaceAll('/', '~1')}/${method}`;
  const json = 'content/application~1json/schema';
  const isValidBody = described.requestBody && values.compile({ $ref: `${pointer}/requestBody/${json}` });
  const [status = '200', { content } = {}] = Object.entries(described.responses)[0] ?? [];
  const isValidResponse = content && values.compile({ $ref: `${pointer}/responses/${status}/${json}` });

  return {
    scopes: getScopes(described),
    status: Number(status),
    validateRequest(query, body) {
      assertValid(isValidQuery, query, 'Query', 'invalid_query_string');
      if (isValidBody) assertValid(isValidBody, body, 'Payload', 'invalid_body');
    },
    validateResponse(body) {
      if (!isValidResponse || isValidResponse(body)) return;
      throw new Error(`Invalid response of ${method} ${path}: ${explain(isValidResponse.errors?.[0])}`);
    },
  };
};

const assertValid = (isValid: ValidateFunction, value: unknown, kind: string, errorCode: string): void => {
  if (isValid(value)) return;
  throw new ApiError(400, `${kind} validation error: ${explain(isValid.errors?.[0])}.`, errorCode);
};

/** Worded as in https://github.com/auth0/auth0-deploy-cli/issues/117. */
const explain = (error: ErrorObject | undefined): string => {
  if (!error) return '';
  const { keyword, params, message, instancePath } = error;
  const problem =
    keyword === 'additionalProperties'
      ? `Additional properties not allowed: ${params.additionalProperty}`
      : keyword === 'required'
        ? `Missing required property: ${params.missingProperty}`
        : message;
  const property = instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
  return `'${problem}'${property && ` on property ${property}`}`;
};
