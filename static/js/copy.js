// A button that copies what stands in a field. It shows only where it can work.
const button = document.querySelector('[data-copy]')
if (button && navigator.clipboard) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const field = document.getElementById(button.dataset.copy)
    field.select()
    await navigator.clipboard.writeText(field.value)
    button.querySelector('span').textContent = button.dataset.copied
    document.getElementById('copied').textContent = button.dataset.copied
  })
}
