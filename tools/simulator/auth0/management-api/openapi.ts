/** Holds requests, and our own answers, to Auth0's description of the Management API. */
import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { ApiError } from './api-error.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

export interface Operation {
  /** Any one of them is enough. */
  readonly scopes: readonly string[];
  /** Of an answer that is no error. */
  readonly status: number;
  /** Turns what is a number or a boolean in the query into one. */
  check(query: Record<string, unknown>, body: unknown): void;
  checkAnswer(body: unknown): void;
}

interface Described {
  security: Array<{ oAuth2ClientCredentials: string[] }>;
  parameters?: Array<{ in: 'query' | 'path'; name: string; schema: object }>;
  requestBody?: object;
  /** Of success; there is one. */
  responses: Record<string, { content?: object }>;
}

const ID = 'management-api';
const description: { paths: Record<string, Partial<Record<Method, Described>>> } = JSON.parse(
  // With absolute references a part of the description can be used outside of it.
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

const scopesOf = ({ security }: Described): string[] =>
  security.flatMap(({ oAuth2ClientCredentials }) => oAuth2ClientCredentials);

export const ALL_SCOPES: readonly string[] = [
  ...new Set(Object.values(description.paths).flatMap((methods) => Object.values(methods).flatMap(scopesOf))),
];

const operations = new Map<string, Operation>();

/** Compiled once. */
export const operationOf = (method: Method, path: string): Operation => {
  const key = `${method} ${path}`;
  const known = operations.get(key);
  if (known) return known;
  const operation = compileOperation(method, path);
  operations.set(key, operation);
  return operation;
};

const compileOperation = (method: Method, path: string): Operation => {
  const described = description.paths[path]?.[method];
  if (!described) throw new Error(`${method} ${path} is not described`);
  const parameters = described.parameters?.filter((parameter) => parameter.in === 'query') ?? [];
  const checkQuery = strings.compile({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  });
  const pointer = `${ID}#/paths/${path.replaceAll('/', '~1')}/${method}`;
  const json = 'content/application~1json/schema';
  const checkBody = described.requestBody && values.compile({ $ref: `${pointer}/requestBody/${json}` });
  const [status = '200', { content } = {}] = Object.entries(described.responses)[0] ?? [];
  const checkAnswer = content && values.compile({ $ref: `${pointer}/responses/${status}/${json}` });

  return {
    scopes: scopesOf(described),
    status: Number(status),
    check(query, body) {
      demand(checkQuery, query, 'Query', 'invalid_query_string');
      if (checkBody) demand(checkBody, body, 'Payload', 'invalid_body');
    },
    checkAnswer(body) {
      if (!checkAnswer || checkAnswer(body)) return;
      throw new Error(`${method} ${path} must not answer so: ${explain(checkAnswer.errors?.[0])}`);
    },
  };
};

const demand = (check: ValidateFunction, value: unknown, kind: string, errorCode: string): void => {
  if (check(value)) return;
  throw new ApiError(400, `${kind} validation error: ${explain(check.errors?.[0])}.`, errorCode);
};

/** In the words of https://github.com/auth0/auth0-deploy-cli/issues/117 and its like. */
const explain = (error: ErrorObject | undefined): string => {
  if (!error) return '';
  const { keyword, params, message, instancePath } = error;
  const what =
    keyword === 'additionalProperties'
      ? `Additional properties not allowed: ${params.additionalProperty}`
      : keyword === 'required'
        ? `Missing required property: ${params.missingProperty}`
        : message;
  const property = instancePath
    .slice(1)
    .replace(/\/(\d+)/g, '[$1]')
    .replaceAll('/', '.');
  return `'${what}'${property && ` on property ${property}`}`;
};
