import { useEffect, useRef } from 'preact/hooks';

interface Props {
  question: string;
  /** Label of the button that goes on. */
  action: string;
  onConfirm: () => void;
  onCancel: () => void;
}

/** Asks before something is lost. */
export const Confirmation = ({ question, action, onConfirm, onCancel }: Props) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="confirmation" ref={dialog} onClose={onCancel} aria-label={question}>
      <p>{question}</p>
      <footer>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <button type="button" class="primary" onClick={onConfirm}>
          {action}
        </button>
      </footer>
    </dialog>
  );
};
