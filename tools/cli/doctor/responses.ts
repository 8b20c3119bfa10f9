import type { VendorResponse } from '../../simulator/vendors/vendor-response.ts';

/** What a response of a destination means and who must change what, in the vendor's terms. */
export const getHint = async (
  sinkName: string,
  status: number | undefined,
  message: string,
): Promise<string | undefined> => {
  const { responses }: { responses: readonly VendorResponse[] } = await import(
    `../../simulator/vendors/${sinkName}.responses.ts`
  );
  const [response] = responses
    .filter(({ text = '' }) => message.toLowerCase().startsWith(text.toLowerCase()))
    .filter((candidate) => candidate.status === status)
    .sort((a, b) => (b.text?.length ?? 0) - (a.text?.length ?? 0));
  return response?.remedy && `${describe(response)}: ${response.remedy}`;
};

const describe = ({ meaning, text, code }: VendorResponse): string => meaning ?? `${text} (code ${code})`;
