import type { KeyDeed } from './keys.ts'
import { Modal } from './modal.tsx'
import { usePage } from './page.ts'

/** All keys in one list. */
export function KeysDialog({ deeds }: { deeds: readonly KeyDeed[] }) {
  const { t } = usePage()
  return (
    <Modal title={t('keys.title')}>
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
