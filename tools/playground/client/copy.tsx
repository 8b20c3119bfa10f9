import { useState } from 'preact/hooks';

const COPIED_MS = 1500;

/** @param getText what is copied, at the time of the click. */
export const Copy = ({ label, getText }: { label: string; getText: () => string }) => {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(getText());
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button type="button" onClick={copy}>
      {isCopied ? 'Copied' : label}
    </button>
  );
};
