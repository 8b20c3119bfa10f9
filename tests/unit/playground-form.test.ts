import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, readForm, toQuery } from '../../tools/playground/client/form.ts';

describe('toQuery', () => {
  it('is empty for a form of defaults', () => {
    expect(toQuery(EMPTY_FORM)).toBe('');
  });

  it('reproduces every field', () => {
    const form = {
      ...EMPTY_FORM,
      user: 'auth0|ada',
      query: 'utm_source=news&x=1',
      appMetadata: '{ "plan": "pro" }',
    };
    expect(readForm(toQuery(form))).toEqual(form);
  });
});

describe('readForm', () => {
  it('ignores unknown parameters', () => {
    expect(readForm('?token=abc&protocol=samlp')).toEqual({ ...EMPTY_FORM, protocol: 'samlp' });
  });
});
