import { STATUS_CODES } from 'node:http';

/** An error of the Management API. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly errorCode: string | undefined;

  constructor(status: number, message: string, errorCode?: string) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }

  get body() {
    const { status, message, errorCode } = this;
    return { statusCode: status, error: STATUS_CODES[status], message, ...(errorCode && { errorCode }) };
  }
}

export const invalidBody = (message: string): ApiError => new ApiError(400, message, 'invalid_body');

export const notSupported = (what: string): ApiError =>
  new ApiError(501, `${what} is not supported by the simulated Management API`);

export const toResponse = ({ status, body }: ApiError, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });
