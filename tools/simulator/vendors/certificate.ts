import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** In PEM, for node:tls. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface CertificateOptions {
  /** Host names and IP addresses that the certificate is valid for. */
  altNames?: string[];
  notBefore?: Date;
  notAfter?: Date;
}

/** Creates a self-signed certificate, which is its own CA certificate, valid for a year by default. */
export const createCertificate = async ({
  altNames = ['localhost', '127.0.0.1'],
  notBefore = new Date(),
  notAfter,
}: CertificateOptions = {}): Promise<Certificate> => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'mock vendor' }], {
    keyType: 'ec', // takes milliseconds, an RSA key up to a second
    algorithm: 'sha256',
    notBeforeDate: notBefore,
    ...(notAfter && { notAfterDate: notAfter }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: altNames.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  return { cert, key };
};
