import { useState } from 'preact/hooks'
import { usePage } from '../model/page.ts'
import { bindings } from '../shell/bindings.ts'
import { lettersOn, switchLetters } from '../shell/keys.ts'
import { twin } from '../stage/lane.tsx'
import { pictureOf } from '../stage/picture.ts'
import { Modal } from './modal.tsx'

/** All keys in one list, and the picture in words. */
export function KeysDialog() {
  const page = usePage()
  const { t, state, shown } = page
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
          {bindings(page).map(({ shown: key, says }) => (
            <tr key={says}>
              <th scope="row">
                <kbd>{key === ' ' ? t('keys.space') : key}</kbd>
              </th>
              <td>{t(says)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3>{t('keys.twin')}</h3>
      {state.lanes.map((lane) => (
        <p key={lane.id} data-twin={lane.id}>
          {twin(pictureOf(lane, state, shown, { user: undefined, focus: undefined }), t)}
        </p>
      ))}
    </Modal>
  )
}
