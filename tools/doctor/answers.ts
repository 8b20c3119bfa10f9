import { services } from '../local/services.ts';

/** What an answer means and who must change what, in the vendor's terms, if its embedded counterpart has that. */
export const meaningOf = (sinkName: string, status: number | undefined, text: string): string | undefined =>
  services
    .find(({ name }) => name === sinkName)
    ?.answers.find(
      (answer) => answer.status === status && text.toLowerCase().startsWith(answer.text?.toLowerCase() ?? ''),
    )?.means;
