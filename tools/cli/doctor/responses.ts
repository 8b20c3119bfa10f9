import { vendors } from '../../simulator/vendors/all-vendors.ts';

/** What an answer means and who must change what, in the vendor's terms, if its embedded counterpart has that. */
export const findMeaning = (sinkName: string, status: number | undefined, text: string): string | undefined =>
  vendors
    .find(({ name }) => name === sinkName)
    ?.answers.find(
      (answer) => answer.status === status && text.toLowerCase().startsWith(answer.text?.toLowerCase() ?? ''),
    )?.means;
