import { useState } from 'preact/hooks'
import { type KeyDeed, lettersOn, switchLetters } from './keys.ts'
import { Modal } from './modal.tsx'
import { usePage } from './page.ts'

/** All keys in one list. */
export function KeysDialog({ deeds }: { deeds: readonly KeyDeed[] }) {
  const { t } = usePage()
  const [on, setOn] = useState(lettersOn)
  const turn = (next: boolean) => {
    switchLetters(next)
    setOn(next)
  }
  return (
    <Modal title={t('keys.title')}>
      <label class="switch">
        <input type="checkbox" checked={on} onChange={(event) => turn(event.currentTarget.checked)} />
        {t('keys.on')}
      </label>
      <table class="keys">
        <tbody>
          {deeds.map(({ shown, says }) => (
            <tr key={says}>
              <th scope="row">
                <kbd>{shown === ' ' ? t('keys.space') : shown}</kbd>
              </th>
              <td>{t(says)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  )
}
